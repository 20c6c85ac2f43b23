"""The pages that people look after their sites with: one model, written as HTML or printed in a terminal.

Pure like `roster`: data in, page out. Read `build` first (`page`: from a view's data to its page), then a page such as
`site_page`; `page_model` is what pages consist of, `wording` what they say, `markup` how they become HTML.

    page(data)                    the page of a view's data
    to_html(page, (show, manage)) a fragment for a dashboard's widget, whose buttons call these two functions
    document(page)                a whole HTML file, without buttons
"""

from roster_pages.build import page
from roster_pages.markup import document, to_html

__all__ = ["document", "page", "to_html"]

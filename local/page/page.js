// Shows the custom widget and carries out its actions as CloudWatch does.
//
// An action is a <cwdb-action> element; it belongs to the element immediately before it. `action="call"` calls a function
// with the JSON inside, `action="html"` (what an action is when it does not say) shows the HTML inside. The answer
// replaces the widget, or comes up over it (`display="popup"`). `confirmation` asks first. `event` is click, dblclick or
// mouseenter. All inputs of the widget are sent with every call.

const at = (id) => document.getElementById(id);
const site = at("site");
const theme = at("theme");
const status = at("status");
const content = at("content");
const popup = at("popup");
const details = at("details");
const confirmation = at("confirmation");
const question = at("question");
const refresh = at("refresh");

const EVENTS = ["click", "dblclick", "mouseenter"];
let newest = 0; // Of two calls under way only the later one's answer is shown.

// --- What a call sends ---------------------------------------------------------------------------------------------

function inputs() {
  const all = {};
  for (const place of [content, details]) {
    for (const field of place.querySelectorAll("input[name], select[name], textarea[name]")) {
      const chosen = !["checkbox", "radio"].includes(field.type) || field.checked;
      if (chosen) all[field.getAttribute("name")] = field.value;
    }
  }
  return all;
}

function timezone() {
  const minutes = -new Date().getTimezoneOffset();
  const two = (number) => String(number).padStart(2, "0");
  const iso = (minutes < 0 ? "-" : "+") + two(Math.floor(Math.abs(minutes) / 60)) + ":" + two(Math.abs(minutes) % 60);
  return { label: minutes ? "Local" : "UTC", offsetISO: iso, offsetInMinutes: minutes };
}

function context() {
  return {
    locale: navigator.language,
    timezone: timezone(),
    theme: document.documentElement.dataset.theme,
    forms: inputs(),
    width: content.clientWidth,
    height: Math.max(content.clientHeight, 300),
  };
}

async function call(path, asked) {
  try {
    const answer = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ site: site.value, context: context(), ...asked }),
    });
    return await answer.json();
  } catch {
    return { error: "The local cloud does not answer. Is it still running?" };
  }
}

// --- What is shown -------------------------------------------------------------------------------------------------

function box(tag, className, text) {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}

function show(answer, display) {
  const place = display === "popup" ? details : content;
  const hadFocus = content.contains(document.activeElement) || details.contains(document.activeElement);
  if ("html" in answer) place.innerHTML = answer.html;
  else if ("nodes" in answer) place.replaceChildren(...answer.nodes);
  else if ("text" in answer) place.replaceChildren(box("pre", "text", answer.text));
  else place.replaceChildren(box("div", "failed", answer.error));
  if (answer.error) place.firstChild.setAttribute("role", "alert");
  bind(place);
  if (display === "popup") {
    if (!popup.open) popup.showModal();
    return;
  }
  if (popup.open) close();
  // What had the focus is gone; whoever uses the keyboard goes on from the beginning of what came instead.
  if (hadFocus) content.focus();
}

async function load(path, asked, display) {
  const mine = ++newest;
  status.textContent = "Loading…";
  content.setAttribute("aria-busy", "true");
  const answer = await call(path, asked);
  if (mine !== newest) return;
  content.setAttribute("aria-busy", "false");
  status.textContent = "";
  show(answer, display);
}

// --- Actions -------------------------------------------------------------------------------------------------------

function bind(place) {
  for (const action of place.querySelectorAll("cwdb-action")) {
    // An action within what another one shows is bound when that is shown.
    if (action.parentElement.closest("cwdb-action")) continue;
    const element = action.previousElementSibling;
    const event = action.getAttribute("event") ?? "click";
    if (!element || !EVENTS.includes(event)) continue;
    element.addEventListener(event, (happened) => {
      happened.preventDefault();
      carryOut(action);
    });
  }
}

async function carryOut(action) {
  const said = action.getAttribute("confirmation");
  if (said && !(await confirmed(said))) return;
  const display = action.getAttribute("display") ?? "widget";
  if (action.getAttribute("action") !== "call") {
    show({ nodes: action.cloneNode(true).childNodes }, display);
    return;
  }
  let params;
  try {
    params = JSON.parse(action.textContent.trim() || "{}");
  } catch (error) {
    show({ error: `The action's parameters are not JSON: ${error.message}` }, display);
    return;
  }
  await load("/act", { endpoint: action.getAttribute("endpoint") ?? "", params }, display);
}

// Answers the question that is asked; there may be none.
let decide = () => {};

function confirmed(said) {
  question.textContent = said;
  confirmation.showModal();
  return new Promise((resolve) => {
    decide = (yes) => {
      decide = () => {};
      confirmation.close();
      resolve(yes);
    };
  });
}

at("yes").addEventListener("click", () => decide(true));
at("no").addEventListener("click", () => decide(false));
// By Escape. The browser tells of it late: by then another question may be open, which this does not answer.
confirmation.addEventListener("close", () => {
  if (!confirmation.open) decide(false);
});

// What came up is gone when it is closed, with its inputs.
function close() {
  popup.close();
  details.replaceChildren();
}
popup.addEventListener("close", () => {
  if (!popup.open) details.replaceChildren();
});

// A form of the widget is sent by its actions only.
for (const place of [content, details]) place.addEventListener("submit", (event) => event.preventDefault());

// --- The page around the widget ------------------------------------------------------------------------------------

function setTheme(name) {
  document.documentElement.dataset.theme = name;
  theme.setAttribute("aria-pressed", String(name === "dark"));
}

// The address says what is shown, so that it can be kept.
function remember() {
  const shown = new URLSearchParams({ site: site.value, theme: document.documentElement.dataset.theme });
  history.replaceState(null, "", `?${shown}`);
}

function restart() {
  remember();
  return load("/show", {}, "widget");
}

at("selector").addEventListener("submit", (event) => {
  event.preventDefault();
  // The inputs of what was shown for another site are not this one's.
  content.replaceChildren();
  restart();
});
refresh.addEventListener("click", restart);
at("describe").addEventListener("click", () => load("/show", { describe: true }, "popup"));
theme.addEventListener("click", () => {
  setTheme(document.documentElement.dataset.theme === "dark" ? "light" : "dark");
  restart();
});

const asked = new URLSearchParams(location.search);
const dark = matchMedia("(prefers-color-scheme: dark)").matches;
setTheme(asked.get("theme") ?? (dark ? "dark" : "light"));
const about = await (await fetch("/dashboard.json")).json();
at("dashboard").textContent = about.dashboard;
at("title").textContent = about.title;
document.querySelector("label[for=site]").textContent = about.selector.label;
site.value = asked.get("site") ?? about.selector.value;
await restart();

"""What helps people: answers from the mirror, the doctor, and the file for whoever helps."""

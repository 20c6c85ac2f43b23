// The upload page: choose, check, upload, follow. All words about the files come from the cloud; here are only its own.
const base = location.pathname.replace(/\/upload$/, "");
const token = decodeURIComponent(location.hash.slice(1));
const site = token.replace(/^uploader~/, "").split(".")[0];
let names = []; // under which the inbox has the files: those of a pair, or one of a bundle
const byId = (id) => document.getElementById(id);
const chosen = new Map();
let mostBytes = 0;
let staged = "";

class Told extends Error {}

async function ask(method, path, body) {
  const headers = { authorization: `Bearer ${token}` };
  if (body) headers["content-type"] = "application/json";
  let answer;
  try {
    const sent = { method, headers, body: body && JSON.stringify(body), cache: "no-store" };
    answer = await fetch(`${base}/v1/sites/${site}/${path}`, sent);
  } catch {
    throw new Told("The cloud cannot be reached. Look whether this machine is online, and try again.");
  }
  if (answer.ok) return answer.json();
  const said = await answer.json().catch(() => ({}));
  if (answer.status === 401 || answer.status === 403) {
    throw new Told("This address no longer works: its time is over, or somebody has ended it. Ask whoever gave it to you.");
  }
  if (answer.status === 429 || answer.status >= 500) throw new Told("The cloud is busy. Try again in a minute.");
  throw new Told(sentence(said.message || "The cloud does not understand this page. Load it again."));
}

const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1).replace(/\.?$/, ".");

function element(name, text, className) {
  const made = document.createElement(name);
  if (text) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function show(...ids) {
  for (const id of ["choose", "working", "said", "actions", "intro"]) byId(id).hidden = !ids.includes(id);
}

function say(said) {
  const place = byId("said");
  place.className = `said ${said.tone}`;
  place.replaceChildren(element("h2", said.heading), ...said.lines.map((line) => element("p", line)));
  for (const each of said.mend || []) {
    const kind = each.severity === "error" ? "To mend" : "To look at";
    place.append(element("h3", `${kind}: ${each.code.replaceAll("_", " ")} (${each.total.toLocaleString("en")})`));
    place.append(element("p", each.advice));
    const more = each.total > each.where.length && each.where.length ? " …" : "";
    if (each.where.length) place.append(element("p", each.where.join("; ") + more, "where"));
  }
  if (said.rows) {
    const link = element("a", "The rows themselves, with what to do (CSV)");
    link.href = said.rows;
    const careful = element("p", "It has names of pupils and teachers in it: keep it to yourself. ");
    careful.append(link);
    place.append(careful);
  }
  place.hidden = false;
  place.focus({ preventScroll: true });
}

function work(step, done) {
  byId("step").textContent = step;
  const bar = byId("progress");
  if (done === undefined) bar.removeAttribute("value");
  else bar.value = done;
}

function fail(problem, ...more) {
  const line = problem instanceof Told ? problem.message : "Something went wrong on this page. Load it again.";
  show("said", ...more);
  say({ tone: "bad", heading: "That did not work", lines: [line] });
}

function choose(files) {
  const list = byId("chosen");
  const others = [];
  for (const file of files) {
    const name = nameOf(file);
    if (name) chosen.set(name, file);
    else others.push(file);
  }
  list.replaceChildren(
    ...names.map((name) => {
      const file = chosen.get(name);
      return element("li", file ? `✓ ${isBundle() ? file.name : name}, ${size(file.size)}` : `${name} is still missing`);
    }),
    ...others.map((file) => {
      return element("li", `${file.name} ${wrongName()}`, "wrong");
    }),
  );
  if (chosen.size === names.length && !others.length) check().catch((problem) => fail(problem, "choose"));
}

const isBundle = () => names.length === 1;

// An export may be called anything; the two files may not.
function nameOf(file) {
  const name = file.name.toLowerCase();
  if (isBundle()) return name.endsWith(".zip") && names[0];
  return names.includes(name) && name;
}

const wrongName = () =>
  isBundle()
    ? "is not the zip of an export."
    : `is not one of the two: they have to be called exactly ${names.join(" and ")}.`;

const size = (bytes) =>
  bytes < 10_240 ? `${bytes.toLocaleString("en")} bytes` : `${Math.round(bytes / 1024).toLocaleString("en")} KB`;

async function check() {
  const total = [...chosen.values()].reduce((sum, file) => sum + file.size, 0);
  if (total > mostBytes) throw new Told(`This is more than ${size(mostBytes)}, which is too much for this page. Use roster-agent push.`);
  const empty = names.find((name) => !chosen.get(name).size);
  if (empty) throw new Told(`${empty} is empty. Export it again.`);
  show("working");
  work("Reading the files …");
  const data = new Map();
  const files = {};
  for (const [name, file] of chosen) {
    const bytes = await file.arrayBuffer().catch(() => {
      throw new Told(`${name} has changed since you chose it. Choose it again.`);
    });
    data.set(name, bytes);
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    const sha256 = [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    files[name] = { bytes: bytes.byteLength, sha256 };
  }
  const place = await ask("POST", "staged", { files });
  let sent = 0;
  for (const [name, link] of Object.entries(place.files)) {
    const bytes = data.get(name);
    await put(link, bytes, (part) => work(`Sending ${name} …`, (sent + part) / total));
    sent += bytes.byteLength;
  }
  work("Checking what they would do …");
  const said = await ask("POST", `staged/${place.upload}/check`);
  staged = place.upload;
  byId("upload").hidden = !said.may_upload;
  show("said", "actions");
  say(said);
}

function put(link, bytes, progress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(link.method, link.url);
    for (const [name, value] of Object.entries(link.headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => progress(event.loaded);
    const broken = () => reject(new Told("The connection broke. Nothing was imported. Choose the files again."));
    request.onload = () => (request.status === 200 ? resolve() : broken());
    request.onerror = broken;
    request.send(bytes);
  });
}

async function upload() {
  show("working");
  work("Uploading …");
  const done = await ask("POST", `staged/${staged}/upload`);
  const query = new URLSearchParams(done.versions);
  for (let looks = 0; looks < 400; looks += 1) {
    const said = await ask("GET", `staged/${staged}?${query}`);
    if (said.is_final || said.tone === "quiet") {
      show("said", "actions");
      byId("upload").hidden = true;
      say(said);
      return;
    }
    show("working", "said");
    work("The import is running …");
    say(said);
    await new Promise((wake) => setTimeout(wake, looks < 30 ? 1000 : 5000));
  }
  show("said", "actions");
  byId("upload").hidden = true;
  const lines = ["The files are uploaded. Whoever looks after the site sees what comes of them."];
  say({ tone: "warn", heading: "It still waits", lines });
}

function startOver() {
  chosen.clear();
  byId("files").value = "";
  byId("chosen").replaceChildren();
  show("choose", "intro");
  byId("files").focus();
}

async function begin() {
  if (!token) throw new Told("This address is not whole. Copy all of it, with what comes after the #.");
  const about = await ask("GET", "page");
  mostBytes = about.bytes;
  names = about.files;
  byId("wanted").textContent = isBundle() ? "the zip with your system's export" : names.join(" and ");
  byId("what").textContent = isBundle() ? "Choose the zip" : "Choose both files";
  byId("where").textContent = isBundle() ? "or drop it here" : "or drop them here";
  if (isBundle()) byId("files").accept = ".zip,application/zip";
  byId("site").textContent = `of ${about.site}`;
  document.title = `Upload the roster of ${about.site}`;
  const until = new Date(about.until).toLocaleString("en-GB", { dateStyle: "full", timeStyle: "short" });
  byId("until").textContent = `This address works until ${until}. Whoever has it can upload: keep it to yourself.`;
  show("choose", "intro");
}

byId("files").addEventListener("change", (event) => choose(event.target.files));
byId("again").addEventListener("click", startOver);
byId("upload").addEventListener("click", () => upload().catch((problem) => fail(problem, "actions")));
const drop = byId("drop");
for (const name of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.toggle("over", name === "dragover");
    if (name === "drop" && !byId("choose").hidden) choose(event.dataTransfer.files);
  });
}
begin().catch((problem) => fail(problem));

// The server as the page asks it. A key, where the server wants one, is kept until the page is closed.
const access = document.getElementById("access");
const field = document.getElementById("key");
let key = "";
let retry = () => {};

access.addEventListener("submit", (event) => {
  event.preventDefault();
  key = field.value.trim();
  access.hidden = true;
  retry();
});

/** What to do again when a key was given. */
export function whenKeyIsGiven(action) { retry = action; }

async function request(path, body, signal) {
  const headers = key ? { "X-API-Key": key } : {};
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(path, {
      method: body === undefined ? "GET" : "POST", headers, signal,
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Error("The server does not answer. Does it still run?");
  }
  if (response.ok) return response;
  if (response.status === 401) {
    access.hidden = false;
    field.focus();
  }
  const answer = await response.json().catch(() => ({}));
  const error = new Error(answer.error ?? `The server answered ${response.status}.`);
  error.isBusy = response.status === 429;
  throw error;
}

/** The JSON that an address answers; with a body it is posted. */
export async function ask(path, body, signal) {
  return (await request(path, body, signal)).json();
}

/** The server-sent events that an address answers, one after the other. */
export async function* events(path, body, signal) {
  const response = await request(path, body, signal);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += value;
    const parts = text.split("\n\n");
    text = parts.pop();
    for (const part of parts) if (part.startsWith("data: ")) yield JSON.parse(part.slice(6));
  }
}

// A Chromium without a window, driven over a pipe by the DevTools protocol: messages are JSON, each with a zero byte at its end.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** The browser to use: that of the variable CHROMIUM, or the first that is installed. */
export function found() {
  const is = (name) => name && spawnSync(name, ["--version"]).status === 0;
  return [process.env.CHROMIUM, ...NAMES].find(is);
}

export async function start(program) {
  const profile = mkdtempSync(join(tmpdir(), "etalon-page-"));
  const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--remote-debugging-pipe",
    `--user-data-dir=${profile}`];
  const child = spawn(program, flags, { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
  const waiting = new Map();
  const listeners = [];
  let [next, rest] = [1, ""];
  child.stdio[4].setEncoding("utf8").on("data", (text) => {
    const messages = (rest + text).split("\0");
    rest = messages.pop();
    for (const message of messages.map((text) => JSON.parse(text))) {
      const { done, fail } = waiting.get(message.id) ?? {};
      waiting.delete(message.id);
      if (message.error) fail?.(new Error(message.error.message));
      else if (message.id) done?.(message.result);
      else listeners.forEach((listen) => listen(message));
    }
  });
  child.on("exit", () => waiting.forEach(({ fail }) => fail(new Error("the browser ended"))));
  const send = (method, params = {}, sessionId = undefined) => new Promise((done, fail) => {
    const id = next++;
    waiting.set(id, { done, fail });
    child.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
  });
  const stop = async () => {
    const ended = new Promise((done) => child.on("exit", done));
    await send("Browser.close").catch(() => child.kill());
    await ended;
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  return { send, stop, listen: (listener) => listeners.push(listener) };
}

/** A tab: what a user does in it, and what there is to see. */
export async function tab(browser) {
  const { targetId } = await browser.send("Target.createTarget", { url: "about:blank" });
  const { sessionId } = await browser.send("Target.attachToTarget", { targetId, flatten: true });
  const send = (method, params) => browser.send(method, params, sessionId);
  const errors = [];
  let loaded = () => {};
  browser.listen(({ method, params }) => {
    if (method === "Runtime.exceptionThrown") errors.push(params.exceptionDetails.exception?.description);
    if (method === "Log.entryAdded" && params.entry.level === "error") errors.push(params.entry.text);
    if (method === "Page.loadEventFired") loaded();
  });
  for (const domain of ["Page", "Runtime", "Log", "Accessibility"]) await send(`${domain}.enable`);
  const run = async (expression) => {
    const options = { expression, returnByValue: true, awaitPromise: true };
    const { result, exceptionDetails } = await send("Runtime.evaluate", options);
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  };
  // What a click or a key begins goes on in the frames after it: true as soon as it holds in one of them.
  const until = (expression, frames = 240) => run(`new Promise((done) => {
    const look = (left) => (${expression}) || left === 0 ? done(Boolean(${expression})) : requestAnimationFrame(() => look(left - 1));
    look(${frames});
  })`);
  const open = async (url) => {
    const done = new Promise((resolve) => { loaded = resolve; });
    await send("Page.navigate", { url });
    await done;
  };
  const size = (width, height = 900) => send("Emulation.setDeviceMetricsOverride",
    { width, height, deviceScaleFactor: 1, mobile: false });
  const media = (scheme, type = "") => send("Emulation.setEmulatedMedia",
    { media: type, features: [{ name: "prefers-color-scheme", value: scheme }] });
  // Scrolls to an element and clicks in its middle, as a mouse would: whatever lies over it gets the click.
  const click = async (selector) => {
    const [x, y] = await run(`(() => {
      const element = document.querySelector(${JSON.stringify(selector)});
      element.scrollIntoView({ block: "center", inline: "center" });
      const box = element.getClientRects()[0];
      return [box.x + box.width / 2, box.y + box.height / 2];
    })()`);
    for (const type of ["mousePressed", "mouseReleased"]) {
      await send("Input.dispatchMouseEvent", { type, x, y, button: "left", clickCount: 1 });
    }
  };
  const press = async (key, code = key, text = undefined) => {
    const virtual = { Tab: 9, Enter: 13, ArrowRight: 39, ArrowLeft: 37, Space: 32 }[code] ?? key.charCodeAt(0);
    const options = { key, code, text, windowsVirtualKeyCode: virtual };
    await send("Input.dispatchKeyEvent", { type: "keyDown", ...options });
    await send("Input.dispatchKeyEvent", { type: "keyUp", ...options });
  };
  return { send, run, until, open, size, media, click, press, errors };
}

// Opens the pages of a folder in Chromium, clicks and types in them, and looks at what there is to see: `make page`.
import assert from "node:assert/strict";
import { readdirSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { found, start, tab } from "./browser.mjs";

const folder = resolve(process.argv[2]);
const merged = "index.html";
const phone = 390;
const desktop = 1280;

// What holds of every page, at every width and in every scheme.
const everywhere = [
  ["nothing goes wrong in its script", async (page) => assert.deepEqual(page.errors, [])],
  ["the page itself does not scroll sideways", async (page) => {
    const [whole, seen] = await page.run("[document.documentElement.scrollWidth, innerWidth]");
    assert.ok(whole <= seen, `${whole} > ${seen}`);
  }],
  ["whatever is wider than its box can be scrolled by the keyboard, and has a name", async (page) => {
    const wrong = await page.run(`[...document.querySelectorAll("*")].filter((element) =>
      element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).overflowX === "auto"
      && (element.tabIndex !== 0 || !element.getAttribute("aria-label"))).map((element) => element.outerHTML.slice(0, 80))`);
    assert.deepEqual(wrong, []);
  }],
  ["whatever a user can use has a name for a screen reader", async (page) => {
    const { nodes } = await page.send("Accessibility.getFullAXTree");
    const roles = ["button", "link", "checkbox", "searchbox", "group", "image", "columnheader", "rowheader", "navigation"];
    const used = nodes.filter((node) => !node.ignored && roles.includes(node.role?.value));
    assert.ok(used.length > 20, `${used.length} nodes`);
    const nameless = used.filter((node) => !node.name?.value && node.role.value !== "group");
    assert.deepEqual(nameless.map((node) => node.role.value), []);
  }],
  ["text can be told from what is behind it", async (page) => {
    const pale = await page.run(`(() => {
      const parts = (color) => color.match(/[\\d.]+/g).map(Number);
      const light = (color) => {
        const [r, g, b] = parts(color).slice(0, 3).map((part) => part / 255)
          .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const behind = (element) => {
        const color = getComputedStyle(element).backgroundColor;
        return parts(color)[3] === 0 && element.parentElement ? behind(element.parentElement) : color;
      };
      const ratio = (element) => {
        const [a, b] = [light(getComputedStyle(element).color), light(behind(element))].sort((a, b) => b - a);
        return (a + 0.05) / (b + 0.05);
      };
      const some = new Map();
      for (const element of document.querySelectorAll("main *, .verdict, nav a, h1")) {
        const key = element.tagName + element.className + element.parentElement.className;
        const has = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
        if (has && !some.has(key)) some.set(key, element);
      }
      return [...some].filter(([, element]) => ratio(element) < 4.5).map(([key, element]) => key + " " + ratio(element));
    })()`);
    assert.deepEqual(pale, []);
  }],
];

// What a user does with the table of files.
const used = [
  ["the first stop of the keyboard leads past the head", async (page) => {
    await page.press("Tab");
    assert.equal(await page.run("document.activeElement.className"), "skip");
    assert.ok(await page.run("document.activeElement.getBoundingClientRect().left >= 0"), "it is seen");
    await page.press("Enter", "Enter", "\r");
    assert.ok(await page.until("location.hash === '#main'"));
  }],
  ["a slash leads to the filter, and what is typed leaves the files that have it", async (page) => {
    await page.press("/", "Slash", "/");
    assert.equal(await page.run("document.activeElement.id"), "filter");
    for (const letter of "301") await page.press(letter, `Digit${letter}`, letter);
    assert.ok(await page.until("/^1 of \\d+ files$/.test(document.getElementById('shown').textContent)"));
    const seen = await page.run(`[...document.querySelectorAll("tr[data-name]")].filter((row) => row.offsetParent)
      .map((row) => row.dataset.name)`);
    assert.deepEqual(seen, ["local/file_301.wast"]);
    await page.run("filter.value = ''; filter.dispatchEvent(new Event('input'))");
  }],
  ["only failures are left when that is asked for", async (page) => {
    await page.click("#only-failures");
    assert.ok(await page.until("document.getElementById('shown').textContent.includes(' of ')"));
    const states = await page.run(`[...new Set([...document.querySelectorAll("tr[data-name]")]
      .filter((row) => row.offsetParent).map((row) => row.dataset.state))]`);
    assert.deepEqual(states, ["failed"]);
    await page.click("#only-failures");
  }],
  ["a suite folds and unfolds", async (page) => {
    const rows = `[...document.querySelector("tr.suite button").closest("tbody").querySelectorAll("tr[data-name]")]
      .filter((row) => row.offsetParent).length`;
    const before = await page.run(rows);
    await page.click("tr.suite button");
    assert.ok(await page.until(`${rows} === 0`));
    assert.equal(await page.run("document.querySelector('tr.suite button').getAttribute('aria-expanded')"), "false");
    await page.click("tr.suite button");
    assert.ok(await page.until(`${rows} === ${before}`));
  }],
  ["a failed cell leads to its failures, which open", async (page) => {
    await page.run("document.querySelectorAll('details.failures').forEach((details) => { details.open = false; })");
    await page.click("#files td.failed a");
    assert.ok(await page.until("location.hash.startsWith('#failures:')"));
    assert.ok(await page.until("document.getElementById(location.hash.slice(1)).open"));
    const text = await page.run("document.getElementById(location.hash.slice(1)).innerText");
    assert.match(text, /calls f\(\)/);
    assert.match(text, /\(f\)|assert_return/);
  }],
  ["on paper everything is there, and nothing that needs a screen", async (page) => {
    await page.media("light", "print");
    const wrong = await page.run(`[...document.querySelectorAll("nav, .controls, .skip, .more")]
      .filter((element) => element.offsetParent).map((element) => element.className || element.tagName)`);
    assert.deepEqual(wrong, []);
    const boxes = "[...document.querySelectorAll('.scroll')].every((box) => getComputedStyle(box).overflowX === 'visible')";
    assert.ok(await page.run(boxes), "nothing is cut at the edge of a box");
    await page.media("light");
    await page.run("document.querySelectorAll('details').forEach((details) => { details.open = false; })");
    const { data } = await page.send("Page.printToPDF", { landscape: true, preferCSSPageSize: true });
    assert.ok(data.length > 50_000);
    assert.ok(await page.run("[...document.querySelectorAll('details.failures')].every((details) => details.open)"));
  }],
];

// On a phone the table of files is wider than the screen, and that can be seen.
const onPhone = [
  ["the matrix scrolls, by a bar and by the keyboard, and says so", async (page) => {
    const box = "document.querySelector('#files .scroll')";
    assert.ok(await page.run(`${box}.scrollWidth > ${box}.clientWidth`), "it is wider than its box");
    assert.ok(await page.run("document.querySelector('#files .more').offsetParent !== null"), "the hint is seen");
    assert.notEqual(await page.run(`getComputedStyle(${box}).backgroundImage`), "none", "shadows at the edges");
    await page.run(`${box}.scrollIntoView(), ${box}.focus({ preventScroll: true })`);
    await page.press("ArrowRight");
    assert.ok(await page.until(`${box}.scrollLeft > 0`), "an arrow moves it");
    const name = "document.querySelector('.matrix tbody tr[data-name] th').getBoundingClientRect().left";
    assert.ok(await page.run(`${name} >= 0`), "the names of files stay");
  }],
];

const program = found();
if (!program) {
  console.error("this needs Chromium: set CHROMIUM to its program");
  process.exit(2);
}
const architectures = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
const pages = [merged, join(architectures[0].name, "index.html")];
const browser = await start(program);
let [count, failed] = [0, 0];
const check = async (page, where, checks) => {
  for (const [name, holds] of checks) {
    count += 1;
    try {
      await holds(page);
    } catch (error) {
      failed += 1;
      console.error(`FAILED ${where}: ${name}\n${error.message}`);
    }
  }
};
try {
  for (const file of pages) {
    assert.ok(statSync(join(folder, file)).size < 1_000_000, `${file} has less than a megabyte`);
    for (const width of [phone, desktop]) {
      for (const scheme of ["light", "dark"]) {
        const where = `${file} ${width} ${scheme}`;
        const page = await tab(browser);
        await page.size(width);
        await page.media(scheme);
        await page.open(pathToFileURL(join(folder, file)).href);
        await check(page, where, everywhere);
        const picture = await page.send("Page.captureScreenshot", { captureBeyondViewport: false });
        writeFileSync(join(folder, `${where.replace(/[ /]/g, "-")}.png`), Buffer.from(picture.data, "base64"));
        if (scheme === "light") await check(page, where, used);
        if (width === phone) await check(page, where, onPhone);
      }
    }
  }
} finally {
  await browser.stop();
}
console.log(`${count} checks on ${pages.join(" and ")} in ${program}: ${failed} failed; pictures are in ${folder}`);
process.exit(failed === 0 ? 0 : 1);

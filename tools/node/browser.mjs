// Opens a page in Chromium as a person would, and prints in JSON what it shows. Whatever the
// page says on its console as an error, or throws, is printed and status 1.
// Usage: node browser.mjs CHROMIUM explorer|balance URL
import { chromium } from 'playwright-core';

const [executablePath, what, url] = process.argv.slice(2);
const root = process.getuid?.() === 0; // whose sandbox Chromium refuses
const browser = await chromium.launch({ executablePath, args: root ? ['--no-sandbox'] : [] });
const page = await browser.newPage({ viewport: { width: 1400, height: 2000 } });
const faults = [];
page.on('pageerror', (error) => faults.push(error.message));
page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));

const pages = {
  // The first example runs as it stands, one that looks an id up after a click, and one that
  // goes on until it is stopped.
  async explorer() {
    const run = async () => {
      await page.click('button[aria-label^="Execute"]');
      await page.waitForFunction(() => document.querySelector('.result-window')?.innerText.includes('"data"'));
      const answer = await page.evaluate(() => document.querySelector('.result-window .CodeMirror').CodeMirror.getValue());
      return JSON.parse(answer);
    };
    const holds = (text) => page.waitForFunction((text) =>
      [...document.querySelectorAll('.CodeMirror')].some((editor) => editor.CodeMirror.getValue().includes(text)), text);
    await page.waitForSelector('.examples');
    const areas = await page.$$eval('.examples summary', (all) => all.map((one) => one.textContent));
    await holds('"externalId": "larkspur-labs"');
    const first = await run();
    await page.click('.examples summary:has-text("Lots")');
    await page.locator('.examples button').filter({ hasText: /^query lot$/ }).click();
    await holds('"lot_');
    await page.evaluate(() => document.querySelector('.result-window .CodeMirror').CodeMirror.setValue(''));
    const second = await run();
    await page.locator('.examples button').filter({ hasText: /^subscription balanceChanged$/ }).click();
    await holds('subscription');
    await page.evaluate(() => document.querySelector('.result-window .CodeMirror').CodeMirror.setValue(''));
    const told = await run();
    await page.click('button[aria-label^="Stop"]');
    await page.waitForSelector('button[aria-label^="Execute"]');
    return { areas, first, second, told };
  },
  async balance() {
    await page.waitForFunction(() => document.getElementById('state').textContent !== '');
    return page.evaluate(() => ({
      name: document.getElementById('name').textContent,
      credits: document.getElementById('credits').textContent,
      lots: [...document.querySelectorAll('#lots li')].map((item) => item.textContent),
      state: document.getElementById('state').textContent,
    }));
  },
};

page.setDefaultTimeout(60_000);
await page.goto(url);
console.log(JSON.stringify(await pages[what]()));
await browser.close();
if (faults.length > 0) {
  console.log(faults.join('\n'));
  process.exitCode = 1;
}

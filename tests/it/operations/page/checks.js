// Looks for faults of a view that keep somebody from using it. Returns a line for each.
const faults = [];
const fault = (text, element) => faults.push(text + (element ? ': ' + element.outerHTML.slice(0, 120) : ''));
const shown = (element) => element.getClientRects().length > 0;

// The document.
if (document.documentElement.lang !== 'en') fault('no language');
if (!document.title.endsWith(' · heimdalld') || document.title.length < 14) fault('no title');
for (const landmark of ['header', 'nav', 'main', 'footer']) {
  if (document.querySelectorAll(landmark).length !== 1) fault('not one ' + landmark);
}
if (document.querySelectorAll('h1').length !== 1) fault('not one h1');
let level = 1;
for (const heading of document.querySelectorAll('h1, h2, h3, h4, h5, h6')) {
  const next = Number(heading.tagName[1]);
  if (next > level + 1) fault('a heading skips a level', heading);
  if (!heading.textContent.trim()) fault('an empty heading', heading);
  level = next;
}
const ids = [...document.querySelectorAll('[id]')].map((element) => element.id);
if (new Set(ids).size !== ids.length) fault('an id is not unique');
if (document.documentElement.scrollWidth > innerWidth) fault('wider than the window: ' + document.documentElement.scrollWidth);

// Names.
for (const image of document.images) {
  if (!image.alt) fault('a picture without a text', image);
  if (!image.naturalWidth) fault('a picture that is not loaded', image);
}
for (const picture of document.querySelectorAll('main svg')) {
  if (picture.getAttribute('role') !== 'img' || !picture.getAttribute('aria-label')) fault('a chart without a name', picture);
}
for (const control of document.querySelectorAll('input:not([type=hidden]), select')) {
  if (!control.labels.length || !control.labels[0].textContent.trim()) fault('a field without a label', control);
}
for (const element of document.querySelectorAll('a, button')) {
  const name = element.textContent.trim() || element.querySelector('img')?.alt;
  if (!name) fault('a link or button without a name', element);
}
for (const element of document.querySelectorAll('[aria-labelledby]')) {
  if (!document.getElementById(element.getAttribute('aria-labelledby'))) fault('named by nothing', element);
}
for (const element of document.querySelectorAll('progress, [role=region]')) {
  if (!element.getAttribute('aria-label')) fault('a bar or region without a name', element);
}
const regions = [...document.querySelectorAll('section, [role=region]')].map((region) => region.getAttribute('aria-label') || document.getElementById(region.getAttribute('aria-labelledby'))?.textContent);
if (new Set(regions).size !== regions.length) fault('two regions have one name: ' + regions);
for (const table of document.querySelectorAll('table')) {
  if (!table.querySelector('thead th[scope=col]')) fault('a table without heads', table);
  for (const row of table.querySelectorAll('tbody tr')) if (!row.querySelector('th[scope=row]')) fault('a row without a head', row);
}

// The keyboard.
for (const box of document.querySelectorAll('.wide')) {
  if (box.scrollWidth > box.clientWidth && box.tabIndex !== 0) fault('the keyboard cannot scroll it', box);
}
const first = document.querySelector('a, button, input, [tabindex="0"]');
if (!first.matches('.skip') || document.querySelector(first.getAttribute('href')) !== document.querySelector('main')) fault('no way past the head', first);
for (const element of document.querySelectorAll('header a, button, input:not([type=hidden]):not([type=checkbox]), select')) {
  const {height} = element.getBoundingClientRect();
  if (shown(element) && !element.matches('.skip') && height < 24) fault('too low to be hit: ' + height, element);
}

// Contrast.
const colour = (text) => (text.match(/[\d.]+/g) || []).map(Number);
const luminance = ([r, g, b]) => {
  const part = (value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
  return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
};
const behind = (element) => {
  for (let at = element; at; at = at.parentElement) {
    const back = colour(getComputedStyle(at).backgroundColor);
    if (back.length === 3 || back[3] === 1) return back;
  }
  return [255, 255, 255];
};
const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (texts.nextNode()) {
  const element = texts.currentNode.parentElement;
  if (!texts.currentNode.textContent.trim() || !shown(element) || element.matches('.skip, script, progress')) continue;
  const style = getComputedStyle(element);
  const [one, other] = [luminance(colour(element.closest('svg') ? style.fill : style.color)), luminance(behind(element))];
  const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
  const isLarge = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && Number(style.fontWeight) >= 700);
  if (ratio < (isLarge ? 3 : 4.5)) fault('a contrast of ' + ratio.toFixed(2), element);
}

// Nothing from outside became a part of the page.
if (document.querySelectorAll('script').length > 1 || document.querySelector('img[src=x]')) fault('foreign text is an element');
return faults;

// What several walks do on a page.

/**
 * Stands between a page and the tracker: answers its questions in the tracker's place, holds them back, or lets them pass.
 * Subscriptions are not touched. A question whose page was left meanwhile needs no answer.
 */
export async function between(page) {
  const pass = (route) => route.continue().catch(() => {});
  let treat = pass;
  let held = [];
  await page.route('**/graphql', (route) => treat(route));
  const from = (now) => {
    treat = now;
    const waiting = held;
    held = [];
    return Promise.all(waiting.map(now));
  };
  return {
    answer: (body) => from((route) => route.fulfill({ json: body }).catch(() => {})),
    hold() {
      treat = (route) => {
        held.push(route);
      };
    },
    pass: () => from(pass),
  };
}

/** What the tracker answers while its database is away. */
export const databaseAway = {
  data: null,
  errors: [{ message: 'the database does not answer', extensions: { code: 'UNAVAILABLE' } }],
};

/** The database is back: the button asks at once. The page would try again by itself, and take the button away: its questions wait until the click. */
export async function tryAgain(page, tracker) {
  tracker.hold();
  await page.getByRole('button', { name: 'Try again' }).click();
  await tracker.pass();
}

/** What a copy button gives. It says for a moment that it copied: looked for from before the click on. */
export async function copied(page, buttons, name) {
  await page.evaluate(() => navigator.clipboard.writeText(''));
  const said = buttons.getByRole('button', { name: 'Copied' }).waitFor();
  await buttons.getByRole('button', { name }).click();
  await said;
  return page.evaluate(() => navigator.clipboard.readText());
}

/** Adds a filter; done when it is among those shown, since the next one is added to what the page shows. */
export async function addFilter(page, field, condition, value) {
  const shown = page.locator('.pt-chips').getByRole('button', { name: /^Remove: / });
  const before = await shown.count();
  await fillFilter(page, field, condition, value);
  await shown.nth(before).waitFor();
}

/** Fills the form for a filter, and sends it. */
export async function fillFilter(page, field, condition, value) {
  const form = page.getByRole('form', { name: 'Add a filter' });
  await form.getByLabel('Field').selectOption(field);
  await form.getByLabel('Condition').selectOption(condition);
  const input = form.getByLabel('Value');
  if ((await input.evaluate((element) => element.tagName)) === 'SELECT') await input.selectOption(value);
  else await input.fill(value);
  await form.getByRole('button', { name: 'Add filter' }).click();
}

/** Chooses one of the usual times; done when the page shows that it is chosen. */
export async function chooseTime(page, name) {
  await page.getByRole('button', { name, exact: true }).click();
  await page.getByRole('button', { name, exact: true, pressed: true }).waitFor();
}

/** The times of a column stand in order, and are not all the same. */
export async function inOrder(page, label, direction) {
  await page.waitForFunction(
    ([label, direction]) => {
      const cells = [...document.querySelectorAll(`tbody td[data-label^="${label}"] time`)];
      const times = cells.map((time) => Date.parse(time.dateTime));
      if (direction === 'descending') times.reverse();
      return times.length > 1 && times[0] < times.at(-1) && times.every((at, i) => i === 0 || times[i - 1] <= at);
    },
    [label, direction],
  );
}

/** The rows shown answer what is asked, and not what was asked before. */
export async function upToDate(page) {
  await page.waitForFunction(() => !document.querySelector('.pt-stale'));
}

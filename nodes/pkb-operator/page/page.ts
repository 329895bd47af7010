/** The operators' page: signs in where that is needed, and shows connections, hours and messages. */
import { ask, Failed, isSignedIn, signIn, signOut } from './api.js';
import { connectionCards } from './connections.js';
import { el, labelled, notice } from './dom.js';
import { hourBars } from './hours.js';
import { Letters } from './letters.js';
import { Messages } from './messages.js';
import { Runs } from './runs.js';
import { setTexts, text } from './texts.js';
import type { Hours, Overview } from './types.js';

/** How often connections are asked how they stand, while the page is in view. */
const LOOK_MS = 5000;

/** How often hours are counted, in looks. */
const COUNT_EVERY = 12;

const main = document.getElementById('main') ?? document.body;

/** Dark where the editor around it is. */
function takeTheme(): void {
  try {
    if (parent === window) return;
    const probe = el('i');
    const { documentElement } = parent.document;
    probe.style.backgroundColor = getComputedStyle(documentElement).getPropertyValue(
      '--red-ui-primary-background',
    );
    document.body.append(probe);
    const background = getComputedStyle(probe).backgroundColor;
    probe.remove();
    if (background.endsWith(', 0)')) return;
    const [red = 255, green = 255, blue = 255] = background.match(/\d+/g)?.map(Number) ?? [];
    document.documentElement.className = red + green + blue < 384 ? 'dark' : 'light';
  } catch {
    // A page of another origin around it is none of ours.
  }
}

function showSignIn(): void {
  const user = el('input', { type: 'text', autocomplete: 'username', required: true });
  const password = el('input', { type: 'password', autocomplete: 'current-password', required: true });
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const isIn = await signIn(user.value, password.value).catch(() => false);
    if (!isIn) return notice(text('sign-in.wrong'));
    notice('');
    await start();
  };
  main.replaceChildren(
    el('h1', {}, text('sign-in.title')),
    el(
      'form',
      { class: 'row', onsubmit: (event: Event) => void submit(event) },
      labelled(text('sign-in.user'), user),
      labelled(text('sign-in.password'), password),
      el('button', { type: 'submit' }, text('sign-in.button')),
    ),
  );
}

/** Shows what the user may see, and goes on looking. */
async function start(): Promise<void> {
  const cards = el('div');
  const bars = el('div');
  const messages = new Messages();
  const runs = new Runs();
  const letters = new Letters();
  let looks = 0;
  let wasAway = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const look = async (): Promise<void> => {
    clearTimeout(timer);
    if (!document.hidden) {
      const overview = await ask<Overview>('pkb/connections');
      // Whoever may do less than everything may be somebody who has not signed in yet.
      signInButton.hidden = isSignedIn() || (overview.may.act && overview.may.see);
      cards.replaceChildren(...connectionCards(overview, () => void look()));
      messages.show(overview);
      runs.show(overview);
      letters.show(overview);
      if (wasAway) notice('');
      wasAway = false;
      if (looks++ % COUNT_EVERY === 0) bars.replaceChildren(...hourBars(await ask<Hours>('pkb/hours')));
    }
    timer = setTimeout(() => void look().catch(failed), LOOK_MS);
  };
  const failed = (error: Failed): void => {
    if (error.status === 401) return showSignIn();
    notice(error.message);
    wasAway = true;
    timer = setTimeout(() => void look().catch(failed), LOOK_MS);
  };
  const leave = (): void => void signOut().then(() => location.reload());
  const signInButton = el(
    'button',
    { type: 'button', style: 'float: right', hidden: true, onclick: showSignIn },
    text('sign-in.button'),
  );
  main.replaceChildren(
    isSignedIn() && parent === window
      ? el('button', { type: 'button', style: 'float: right', onclick: leave }, text('sign-in.out'))
      : signInButton,
    el('h1', {}, text('title')),
    el('h2', {}, text('connections.title')),
    cards,
    el('h2', {}, text('hours.title')),
    bars,
    runs.element,
    letters.element,
    messages.element,
  );
  try {
    await look();
  } catch (error) {
    failed(error as Failed);
  }
}

takeTheme();
void ask<object>('pkb/texts')
  .then(setTexts, () => undefined)
  .then(start);

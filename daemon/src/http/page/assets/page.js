// Reads the view again every five seconds and replaces the parts that have changed. Without it the page works too.
'use strict';
{
  const pause = 5000;
  const status = document.getElementById('live');
  let failures = 0, last = new Date();

  const replace = (fresh) => {
    for (const part of document.querySelectorAll('[data-live]')) {
      const other = fresh.getElementById(part.id);
      // A part that somebody is using stays as it is.
      if (other && !part.contains(document.activeElement) && part.innerHTML !== other.innerHTML) {
        part.replaceChildren(...document.adoptNode(other).childNodes);
      }
    }
  };

  // What is wrong; nothing if the view was read.
  const trouble = async () => {
    try {
      const answer = await fetch(location.href, {headers: {accept: 'text/html'}, signal: AbortSignal.timeout(15000)});
      if (answer.redirected) return 'sign in again';
      const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
      if (!answer.ok) return fresh.querySelector('h1')?.textContent ?? `the daemon answers ${answer.status}`;
      replace(fresh);
      return '';
    } catch {
      return 'the daemon does not answer';
    }
  };

  const read = async () => {
    if (!document.hidden) {
      const wrong = await trouble();
      if (wrong === '') last = new Date();
      failures = wrong === '' ? 0 : failures + 1;
      const text = wrong === '' ? 'Live: read again every 5 s.'
        : `Not live: ${wrong}. The numbers are of ${last.toLocaleTimeString()}.`;
      if (status.textContent !== text) status.textContent = text;
      document.body.classList.toggle('old', wrong !== '');
    }
    setTimeout(read, pause * Math.min(1 + failures, 12));
  };
  setTimeout(read, pause);
}

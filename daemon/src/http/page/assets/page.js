// Reads the view again every five seconds and replaces the parts that have changed. Without it the page works too.
'use strict';
{
  const pause = 5000;
  const status = document.getElementById('live');
  let failures = 0;

  const replace = (fresh) => {
    for (const part of document.querySelectorAll('[data-live]')) {
      const other = fresh.getElementById(part.id);
      // A part that somebody is using stays as it is.
      if (other && !part.contains(document.activeElement) && part.innerHTML !== other.innerHTML) {
        part.replaceChildren(...document.adoptNode(other).childNodes);
      }
    }
  };

  const read = async () => {
    if (!document.hidden) {
      try {
        const answer = await fetch(location.href, {headers: {accept: 'text/html'}, signal: AbortSignal.timeout(10000)});
        if (!answer.ok || answer.redirected) throw new Error(answer.statusText);
        replace(new DOMParser().parseFromString(await answer.text(), 'text/html'));
        failures = 0;
      } catch {
        failures += 1;
      }
      const text = failures === 0 ? 'Live: read again every 5 s.' : 'Not live: the daemon does not answer.';
      if (status.textContent !== text) status.textContent = text;
    }
    setTimeout(read, pause * Math.min(1 + failures, 12));
  };
  setTimeout(read, pause);
}

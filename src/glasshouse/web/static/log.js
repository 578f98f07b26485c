// The log of a job, read on as it is written, while the tab is seen.
const log = document.querySelector("[data-log]");
const lost = document.getElementById("connection");

async function follow() {
  let since = Number(log.dataset.since), wait = 2000;
  while (log.isConnected) {
    await new Promise((resolve) => setTimeout(resolve, wait));
    if (document.hidden) continue;
    try {
      const reply = await fetch(`${log.dataset.log}?since=${since}`, { signal: AbortSignal.timeout(10000) });
      if (reply.status === 404) return;
      if (!reply.ok) throw new Error(String(reply.status));
      const { told, last, ended } = await reply.json();
      const below = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
      if (told) { log.append(told); log.hidden = false; document.querySelector("[data-empty]").hidden = true; }
      if (told && below) log.scrollTop = log.scrollHeight;
      since = last;
      lost.hidden = true;
      wait = 2000;
      if (ended) return;
    } catch {
      lost.hidden = false;
      wait = Math.min(wait * 2, 15000);
    }
  }
}

if (log) { log.scrollTop = log.scrollHeight; follow(); }

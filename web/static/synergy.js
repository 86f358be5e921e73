// The page of a round while it is matched: the server draws, this fetches what it drew.
const live = document.getElementById("live");
const LOOK_MS = 1500;

if (live?.dataset.fragment) {
  let asked = 0;
  let timer = 0;

  const draw = async () => {
    clearTimeout(timer);
    asked = Date.now();
    try {
      const answer = await fetch(live.dataset.fragment, { headers: { Accept: "text/html" } });
      if (!answer.ok) throw new Error(answer.statusText);
      const now = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("live");
      if (!now || now.dataset.state === "over") return location.reload();
      live.replaceChildren(...now.childNodes);
    } catch {
      // the server is away for a moment: ask again
    }
    timer = setTimeout(draw, LOOK_MS);
  };

  const soon = () => {
    const wait = Math.max(0, asked + LOOK_MS / 3 - Date.now());
    clearTimeout(timer);
    timer = setTimeout(draw, wait);
  };

  // events come as soon as something is known; without them the page asks again and again all the same
  if (live.dataset.events && "EventSource" in window) {
    const events = new EventSource(live.dataset.events);
    events.addEventListener("progress", soon);
    events.addEventListener("end", () => { events.close(); soon(); });
    events.addEventListener("error", () => { if (events.readyState === EventSource.CLOSED) soon(); });
    addEventListener("pagehide", () => events.close());
  }
  soon();
}

// Looks again every fifteen seconds, and puts what the server drew in the place of what it drew before.

const EVERY_MS = 15_000;
const live = document.getElementById("live");
const said = document.getElementById("said");

async function look() {
  const answer = await fetch(location.href, { cache: "no-store" });
  if (answer.status === 404) return location.reload(); // the page says why
  if (!answer.ok) return; // a moment's trouble: what was drawn last stays
  const drawn = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = drawn.getElementById("live");
  const news = fresh.querySelector("#state, .doing")?.textContent ?? "";
  if (news !== live.querySelector("#state, .doing")?.textContent) said.textContent = news;
  document.title = drawn.title;
  live.dataset.over = fresh.dataset.over;
  live.replaceChildren(...fresh.children);
}

const lookIfSeen = () => {
  if (document.visibilityState !== "visible" || live.dataset.over === "yes") return;
  look().catch(() => {}); // without network, what was drawn last stays, with its time
};
setInterval(lookIfSeen, EVERY_MS);
document.addEventListener("visibilitychange", lookIfSeen);

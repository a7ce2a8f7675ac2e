// Reloads the page's content every 15 seconds.

const REFRESH_INTERVAL_MS = 15_000;
const live = document.getElementById("live");
const announcement = document.getElementById("announcement");
const readStatus = (element) => element.querySelector("#state, .activity")?.textContent ?? "";

async function refresh() {
  const response = await fetch(location.href, { cache: "no-store" });
  if (response.status === 404) return location.reload(); // shows why the link is no longer valid
  if (!response.ok) return; // keep the current content
  const newDocument = new DOMParser().parseFromString(await response.text(), "text/html");
  const newLive = newDocument.getElementById("live");
  const status = readStatus(newLive);
  if (status !== readStatus(live)) announcement.textContent = status;
  document.title = newDocument.title;
  live.dataset.over = newLive.dataset.over;
  live.replaceChildren(...newLive.children);
}

function refreshIfVisible() {
  if (document.visibilityState !== "visible" || live.dataset.over === "yes") return;
  refresh().catch(() => {}); // offline: keep the current content, which shows its time
}
setInterval(refreshIfVisible, REFRESH_INTERVAL_MS);
document.addEventListener("visibilitychange", refreshIfVisible);

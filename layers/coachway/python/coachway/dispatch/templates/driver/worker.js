// Opens the drivers' page without network: the page is kept whole, and shown from there. The API's answers are not.

const KEPT = "coachway-driver-VERSION";
const PAGE = new URL("driver", location.href);

addEventListener("install", (event) => {
  const fresh = new Request(PAGE, { cache: "reload" });
  event.waitUntil(caches.open(KEPT).then((cache) => cache.add(fresh)).then(() => skipWaiting()));
});

addEventListener("activate", (event) => {
  const old = (name) => name.startsWith("coachway-driver-") && name !== KEPT;
  const cleared = caches.keys().then((names) => Promise.all(names.filter(old).map((name) => caches.delete(name))));
  event.waitUntil(cleared.then(() => clients.claim()));
});

addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.mode !== "navigate" || new URL(request.url).pathname !== PAGE.pathname) return;
  const kept = caches.open(KEPT).then((cache) => cache.match(PAGE.href));
  event.respondWith(kept.then((page) => page ?? fetch(request)));
});

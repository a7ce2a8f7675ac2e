// Caches the driver page, so that it opens offline. API responses are not cached.

const CACHE_NAME = "coachway-driver-VERSION";
const PAGE_URL = new URL("driver", location.href);

addEventListener("install", (event) => {
  const request = new Request(PAGE_URL, { cache: "reload" });
  event.waitUntil(caches.open(CACHE_NAME).then((cache) => cache.add(request)).then(() => skipWaiting()));
});

addEventListener("activate", (event) => {
  const isOld = (name) => name.startsWith("coachway-driver-") && name !== CACHE_NAME;
  const deletion = caches.keys().then((names) => Promise.all(names.filter(isOld).map((name) => caches.delete(name))));
  event.waitUntil(deletion.then(() => clients.claim()));
});

addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.mode !== "navigate" || new URL(request.url).pathname !== PAGE_URL.pathname) return;
  const cachedPage = caches.open(CACHE_NAME).then((cache) => cache.match(PAGE_URL.href));
  event.respondWith(cachedPage.then((page) => page ?? fetch(request)));
});

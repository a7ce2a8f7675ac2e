// Reports once that a person, not a program that checks links, has the page open: it is visible, and somebody acts.
(() => {
  const address = document.currentScript.dataset.address
  const signs = ["pointerdown", "pointermove", "touchstart", "wheel", "keydown"]
  const report = (event) => {
    // Browsers also report a pointer that stands still while the page moves under it.
    const stands = event.type === "pointermove" && !event.movementX && !event.movementY
    if (!event.isTrusted || stands || document.visibilityState !== "visible") return
    signs.forEach((sign) => removeEventListener(sign, report))
    fetch(address, { method: "POST", keepalive: true }).catch(() => {})
  }
  signs.forEach((sign) => addEventListener(sign, report, { passive: true }))
})()

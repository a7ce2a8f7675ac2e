// Logging in: by a code that is sent to the driver's phone.

const $ = (id) => document.getElementById(id);

function show(name) {
  $("log-in").hidden = name !== "log-in";
  $("work").hidden = name !== "work";
}

const given = { organization: "", phone: "" };

function say(words) {
  $("log-in-said").textContent = words;
  $("log-in-said").hidden = !words;
}

async function askForLogIn(words = "") {
  show("log-in");
  say(words);
  $("ask-code").hidden = false;
  $("give-code").hidden = true;
  $("organization").value ||= new URLSearchParams(location.search).get("organization") ?? (await fact("organization")) ?? "";
}

// `+1 (212) 555-0123` and `212-555-0123` as the API wants them.
function dialled(text) {
  const digits = text.replace(/[^\d+]/g, "");
  return digits.startsWith("+") ? digits : digits.length === 10 ? `+1${digits}` : `+${digits}`;
}

async function whileSending(form, act) {
  const submit = form.querySelector("button[type=submit]");
  submit.disabled = true;
  try {
    await act();
  } catch (trouble) {
    if (!(trouble instanceof Offline)) throw trouble;
    say("There is no network just now. Try again in a moment.");
  } finally {
    submit.disabled = false;
  }
}

async function sendCode() {
  say("");
  const answer = await send("POST", "auth/otp/request", given);
  if (!answer.ok) return say(await refusalOf(answer));
  $("ask-code").hidden = true;
  $("give-code").hidden = false;
  $("code").value = "";
  $("code").focus();
}

$("ask-code").addEventListener("submit", (event) => {
  event.preventDefault();
  given.organization = $("organization").value.trim().toLowerCase();
  given.phone = dialled($("phone").value);
  if (!given.organization) return say("Enter your company's short name. The office can tell you.");
  if (given.phone.length < 8) return say("Enter your phone number, such as +1 212 555 0123.");
  whileSending($("ask-code"), sendCode);
});

$("another-code").addEventListener("click", () => whileSending($("give-code"), sendCode));

$("give-code").addEventListener("submit", (event) => {
  event.preventDefault();
  const code = $("code").value.replace(/\D/g, "");
  if (code.length !== 6) return say("Enter the six digits of the code.");
  whileSending($("give-code"), () =>
    begin(async () => {
      const answer = await send("POST", "auth/otp/verify", { ...given, code, cookies: true });
      if (!answer.ok) say(await refusalOf(answer));
      return answer.ok;
    }),
  );
});

// Nothing is sent, in no window, while it is not known whose session it is.
async function begin(logIn) {
  const isDriver = await navigator.locks.request("coachway-outbox", async () => (await logIn()) && isKnown());
  if (!isDriver) return;
  await work();
  $("work-title").focus();
}

async function isKnown() {
  const me = await askJson("GET", "auth/me");
  if (me.role !== "driver") {
    await askForLogIn("This page is for drivers. Log in with a driver's phone number.");
    return false;
  }
  if (state.me && state.me.id !== me.id) {
    follow("");
    Object.assign(state, NOBODY);
    await forgetFacts();
  }
  state.me = me;
  state.signedOut = outbox.isStopped = false;
  clearTimeout(outbox.timer);
  await keepFact("behind", behind);
  await keepFact("me", me);
  await keepFact("organization", me.organization.slug);
  return true;
}

// Log in with a code that is sent to the driver's phone.

const $ = (id) => document.getElementById(id);

function showView(name) {
  $("login-view").hidden = name !== "login-view";
  $("trips-view").hidden = name !== "trips-view";
}

const credentials = { organization: "", phone: "" };

function showLoginMessage(text) {
  $("login-message").textContent = text;
  $("login-message").hidden = !text;
}

async function showLogin(message = "") {
  showView("login-view");
  showLoginMessage(message);
  $("phone-form").hidden = false;
  $("code-form").hidden = true;
  $("organization").value ||= new URLSearchParams(location.search).get("organization") ?? (await readSetting("organization")) ?? "";
}

// Converts `+1 (212) 555-0123` and `212-555-0123` to the format of the API.
function normalizePhone(text) {
  const digits = text.replace(/[^\d+]/g, "");
  return digits.startsWith("+") ? digits : digits.length === 10 ? `+1${digits}` : `+${digits}`;
}

// Disables the button of a form while its request is sent.
async function submitForm(form, submit) {
  const button = form.querySelector("button[type=submit]");
  button.disabled = true;
  try {
    await submit();
  } catch (error) {
    if (!(error instanceof OfflineError)) throw error;
    showLoginMessage("You are offline. Try again in a moment.");
  } finally {
    button.disabled = false;
  }
}

async function requestCode() {
  showLoginMessage("");
  const response = await sendRequest("POST", "auth/otp/request", credentials);
  if (!response.ok) return showLoginMessage(await readErrorText(response));
  $("phone-form").hidden = true;
  $("code-form").hidden = false;
  $("code-phone").textContent = formatPhone(credentials.phone);
  $("code").value = "";
  $("code").focus();
}

$("phone-form").addEventListener("submit", (event) => {
  event.preventDefault();
  credentials.organization = $("organization").value.trim().toLowerCase();
  credentials.phone = normalizePhone($("phone").value);
  if (!credentials.organization) return showLoginMessage("Enter your company's short name. If you do not know it, ask the office.");
  if (credentials.phone.length < 8) return showLoginMessage("Enter your phone number, such as +1 212 555 0123.");
  submitForm($("phone-form"), requestCode);
});

$("another-phone").addEventListener("click", () => {
  showLoginMessage("");
  $("phone-form").hidden = false;
  $("code-form").hidden = true;
  $("phone").focus();
  $("phone").select();
});

$("another-code").addEventListener("click", () => submitForm($("code-form"), requestCode));

$("code-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const code = $("code").value.normalize("NFKC").replace(/\D/g, "");
  if (code.length !== 6) return showLoginMessage("Enter the six digits of the code.");
  submitForm($("code-form"), () =>
    startSession(async () => {
      const response = await sendRequest("POST", "auth/otp/verify", { ...credentials, code, cookies: true });
      if (!response.ok) showLoginMessage(await readErrorText(response));
      return response.ok;
    }),
  );
});

// Holds the outbox lock, so that no window sends entries before it is known whose session this is.
async function startSession(logIn) {
  const isReady = await navigator.locks.request("coachway-outbox", async () => (await logIn()) && loadDriver());
  if (!isReady) return;
  await showTrips();
  $("trips-title").focus();
}

// Loads who is logged in; returns whether it is a driver.
async function loadDriver() {
  const me = await fetchJson("auth/me");
  if (me.role !== "driver") {
    await showLogin("This page is for drivers. Log in with a driver's phone number.");
    return false;
  }
  if (state.me && state.me.id !== me.id) {
    trackAssignment("");
    Object.assign(state, EMPTY_STATE);
    await clearSettings();
  }
  state.me = me;
  state.isSignedOut = outbox.isStopped = false;
  clearTimeout(outbox.retryTimer);
  await saveSetting("behind", clockOffset);
  await saveSetting("me", me);
  await saveSetting("organization", me.organization.slug);
  return true;
}

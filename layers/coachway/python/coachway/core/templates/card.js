(() => {
  const form = document.getElementById("card-form");
  const alternative = document.getElementById("card-alternative");
  if (!window.Stripe) {
    alternative.firstElementChild.textContent = "The card form could not be loaded. Reload the page to try again.";
    return;
  }
  const stripe = Stripe(form.dataset.key);
  const card = stripe.elements().create("card", {hidePostalCode: true});
  const trouble = document.getElementById("card-trouble");
  const button = form.querySelector("button");
  card.mount("#card");
  form.hidden = false;
  alternative.hidden = true;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    trouble.hidden = true;
    const {paymentMethod, error} = await stripe
      .createPaymentMethod({type: "card", card})
      .catch(() => ({error: {message: "Stripe could not be reached. Try again in a moment."}}));
    if (error) {
      trouble.textContent = error.message;
      trouble.hidden = false;
      button.disabled = false;
      return;
    }
    form.elements.payment_method_id.value = paymentMethod.id;
    form.submit();
  });
})();

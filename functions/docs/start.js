// Swagger UI has dark colors, but no setting that follows the system.
const dark = matchMedia("(prefers-color-scheme: dark)");
const followColorScheme = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", followColorScheme);
followColorScheme();

// Swagger UI filters by tag only. This filter finds operations by tag, method, path, operation id and summary.
function operationText(tag, operation) {
  const details = operation.get("operation");
  const parts = [tag, operation.get("method"), operation.get("path"), details.get("operationId"), details.get("summary")];
  return parts.join(" ").toLowerCase();
}

function filterOperations(groups, phrase) {
  const words = phrase.toLowerCase().split(/\s+/).filter(Boolean);
  const matches = (tag) => (operation) => {
    const text = operationText(tag, operation);
    return words.every((word) => text.includes(word));
  };
  return groups
    .map((group, tag) => group.update("operations", (operations) => operations.filter(matches(tag))))
    .filter((group) => group.get("operations").size > 0);
}

// Open every group while a filter is set; those without a match are hidden.
function openGroups(phrase) {
  for (const tag of ui.specSelectors.tags()) {
    ui.layoutActions.show(["operations-tag", tag.get("name")], phrase !== "");
  }
}

// Swagger UI leaves its list of servers without a name, and the parts above the operations outside of landmarks.
function nameForScreenReaders() {
  document.querySelector("#servers").setAttribute("aria-label", "Server");
  const landmarks = { ".information-container": "About the API", ".scheme-container": "Server", ".filter-container": "Filter" };
  for (const [selector, label] of Object.entries(landmarks)) {
    const element = document.querySelector(selector);
    element.setAttribute("role", "region");
    element.setAttribute("aria-label", label);
  }
}

const ui = SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#docs",
  deepLinking: true,
  docExpansion: "none",
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  filter: true,
  plugins: [{ fn: { opsFilter: filterOperations } }],
  validatorUrl: null,
  onComplete() {
    const input = document.querySelector(".operation-filter-input");
    input.placeholder = "Filter by path, summary or tag";
    input.setAttribute("aria-label", "Filter operations");
    nameForScreenReaders();
    input.addEventListener("input", () => setTimeout(openGroups, 0, input.value.trim()));
  },
});

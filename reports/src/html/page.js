// Filters the table of files, folds suites, opens what is linked to. The page is whole without it.
(() => {
  "use strict";
  const byId = (id) => document.getElementById(id);
  const filter = byId("filter");

  const open = () => {
    // A link into a folded part opens it; a link to a row that is filtered away brings it back.
    const target = byId(location.hash.slice(1));
    if (!target) return;
    for (let node = target; node; node = node.parentElement) {
      if (node.tagName === "DETAILS") node.open = true;
    }
    if (target.hidden) {
      filter.value = "";
      byId("only-failures").checked = byId("only-open").checked = false;
      fold(target.parentElement, true);
      show();
    }
    target.scrollIntoView();
  };

  const fold = (group, expanded) => {
    group.querySelector("button").setAttribute("aria-expanded", String(expanded));
  };

  const show = () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const failures = byId("only-failures").checked;
    const unpassed = byId("only-open").checked;
    let shown = 0;
    let all = 0;
    for (const group of document.querySelectorAll("table.matrix tbody")) {
      const expanded = group.querySelector("button").getAttribute("aria-expanded") === "true";
      let matches = 0;
      for (const row of group.querySelectorAll("tr[data-name]")) {
        const name = row.dataset.name.toLowerCase();
        const state = row.dataset.state;
        const fits = words.every((word) => name.includes(word))
          && (!failures || state === "failed")
          && (!unpassed || state !== "passed");
        row.hidden = !fits || !expanded;
        matches += fits;
        all += 1;
      }
      group.querySelector("tr.suite").hidden = matches === 0;
      shown += matches;
    }
    byId("shown").textContent = shown === all ? `${all} files` : `${shown} of ${all} files`;
  };

  if (filter) {
    document.querySelector(".controls").hidden = false;
    for (const control of document.querySelectorAll(".controls input")) {
      control.addEventListener("input", show);
    }
    for (const button of document.querySelectorAll("tr.suite button")) {
      button.addEventListener("click", () => {
        fold(button.closest("tbody"), button.getAttribute("aria-expanded") !== "true");
        show();
      });
    }
    document.addEventListener("keydown", (event) => {
      if (event.key === "/" && event.target.tagName !== "INPUT") {
        event.preventDefault();
        filter.focus();
      }
    });
    show();
    addEventListener("hashchange", open);
    if (location.hash) open();
  } else {
    // A page without files has nothing to filter, and still parts that are folded.
    addEventListener("hashchange", open);
    if (location.hash) open();
  }

  // Paper cannot be unfolded.
  addEventListener("beforeprint", () => {
    for (const details of document.querySelectorAll("details.pair, details.failures")) details.open = true;
  });
})();

/* Searches the index beside this file. Without it the page is the A to Z, complete. */
(function () {
  "use strict";
  var asked = (new URLSearchParams(window.location.search).get("q") || "").trim();
  var field = document.getElementById("find");
  var results = document.getElementById("results");
  var pages = window.pledgePages;
  if (!results || !pages) { return; }

  function folded(text) { return text.toLowerCase().normalize("NFD").replace(/[\u0300-\u036f]/g, ""); }

  function found(query) {
    var wanted = folded(query).split(/\s+/).filter(Boolean);
    return pages.map(function (page, place) {
      var title = folded(page[0]), text = title + " " + folded(page[2]);
      if (!wanted.every(function (word) { return text.indexOf(word) >= 0; })) { return null; }
      var inTitle = wanted.filter(function (word) { return title.indexOf(word) >= 0; }).length;
      return { page: page, rank: -inTitle * 10 - (title.indexOf(wanted[0]) === 0 ? 5 : 0), place: place };
    }).filter(Boolean).sort(function (a, b) { return a.rank - b.rank || a.place - b.place; });
  }

  function show(query) {
    var hits = query ? found(query) : [];
    var list = document.createElement("ul");
    hits.slice(0, 50).forEach(function (hit) {
      var item = document.createElement("li"), link = document.createElement("a");
      link.href = "../" + hit.page[1];
      link.textContent = hit.page[0];
      item.appendChild(link);
      if (hit.page[2]) { item.appendChild(document.createTextNode(" – " + hit.page[2])); }
      list.appendChild(item);
    });
    results.hidden = !query;
    results.querySelector("p").textContent = hits.length === 0 ? "Nothing was found for “" + query + "”."
      : (hits.length === 1 ? "1 page" : hits.length + " pages") + " found for “" + query + "”"
        + (hits.length > 50 ? "; the first 50:" : ":");
    var old = results.querySelector("ul");
    if (old) { old.remove(); }
    results.appendChild(list);
  }

  if (field) {
    field.value = asked;
    field.addEventListener("input", function () { show(field.value.trim()); });
  }
  show(asked);
}());

// Draws each figure in the colours of the reader's scheme, and again when that changes.
(() => {
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const touch = matchMedia("(pointer: coarse)").matches;
  const draw = (place) => {
    const figure = JSON.parse(place.nextElementSibling.textContent);
    const layout = figure.layout;
    layout.paper_bgcolor = layout.plot_bgcolor = "rgba(0,0,0,0)";
    layout.font = { color: colour("--ink"), family: getComputedStyle(document.body).fontFamily, size: 13 };
    layout.hoverlabel = { bgcolor: colour("--raised"), font: { color: colour("--ink") } };
    for (const axis of [layout.xaxis, layout.yaxis]) {
      Object.assign(axis, { gridcolor: colour("--rule"), linecolor: colour("--rule"), fixedrange: touch });
      axis.title.font = { color: colour("--quiet"), size: 12 };
    }
    for (const trace of figure.data)
      if (trace.type === "heatmap") trace.colorscale = [[0, colour("--low")], [1, colour("--high")]];
    Plotly.react(place, figure.data, layout, { responsive: true, displayModeBar: false });
  };
  const drawAll = () => document.querySelectorAll(".plot").forEach(draw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
  drawAll();
})();

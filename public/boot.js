// Brings the islands of a page to life: <script type="module" src=boot data-glue=… data-wasm=…>, on pages that have islands only.
// The same walk as Leptos's own bootstrap (leptos 0.8, hydration/island_script.js), which is an inline script our policy forbids.
// Whatever fails here, the page as served keeps working.
const { glue, wasm } = document.querySelector('script[data-glue]').dataset;

// Callbacks of the children slots that we are inside: an island there must first restore its parent's context.
const slots = [];

async function bring(island, mod) {
  const hydrate = mod[island.dataset.component];
  if (!hydrate) return console.warn(`no island ${island.dataset.component} in this bundle`);
  try {
    slots[slots.length - 1]?.();
    await hydrate(island);
  } catch (error) {
    console.warn(`island ${island.dataset.component}`, error);
  }
}

// Document order, outermost first: an inner island may depend on what the outer one provides.
async function walk(node, mod) {
  const tag = node.localName;
  if (tag === 'leptos-island') await bring(node, mod);
  const slot = tag === 'leptos-children';
  if (slot) slots.push(node.$$on_hydrate);
  for (const child of node.children) await walk(child, mod);
  if (slot) slots.pop();
}

async function boot() {
  try {
    const mod = await import(glue);
    await mod.default({ module_or_path: wasm });
    mod.hydrate();
    await walk(document.body, mod);
    document.documentElement.dataset.islands = 'ready';
  } catch (error) {
    console.warn('islands are not available', error);
  }
}

// What the person is doing comes first.
if ('requestIdleCallback' in window) requestIdleCallback(boot, { timeout: 2000 });
else boot();

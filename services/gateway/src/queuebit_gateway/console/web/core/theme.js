// Dark, light, or as the system has it. The choice is kept; nothing else is.
const NAME = "queuebit.theme";
export const THEMES = ["system", "light", "dark"];

export function theme() {
  try {
    const found = window.localStorage.getItem(NAME);
    return THEMES.includes(found) ? found : "system";
  } catch {
    return "system";
  }
}

export function setTheme(name) {
  if (name === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = name;
  try {
    window.localStorage.setItem(NAME, name);
  } catch {
    // Where nothing may be stored the choice lasts as long as the page.
  }
}

export function nextTheme() {
  return THEMES[(THEMES.indexOf(theme()) + 1) % THEMES.length];
}

/** Light or dark as the system says, also when it changes its mind. */
export function followSystemTheme(): void {
  const dark = window.matchMedia('(prefers-color-scheme: dark)');
  const apply = () => document.documentElement.classList.toggle('pf-v6-theme-dark', dark.matches);
  apply();
  dark.addEventListener('change', apply);
}

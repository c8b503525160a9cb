import { stored } from './stored';

export const themes = { system: 'As the system', light: 'Light', dark: 'Dark' } as const;

export type Theme = keyof typeof themes;

/** The look that was chosen; the system's until one is. The playground reads it too. */
export const theme = stored<Theme>('pt.theme', (kept) => (kept === 'light' || kept === 'dark' ? kept : 'system'));

/** Light or dark as chosen, or as the system says, also when it changes its mind. */
export function followTheme(): void {
  const system = window.matchMedia('(prefers-color-scheme: dark)');
  const apply = () => {
    const chosen = theme.get();
    const dark = chosen === 'system' ? system.matches : chosen === 'dark';
    document.documentElement.classList.toggle('pf-v6-theme-dark', dark);
  };
  apply();
  system.addEventListener('change', apply);
  theme.follow(apply);
}

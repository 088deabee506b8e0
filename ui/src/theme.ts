// Mantine dressed in our tokens: it gives behaviour (focus, dialogs, menus), tokens.css gives the looks.
import { Button, type CSSVariablesResolver, createTheme, type MantineColorsTuple } from '@mantine/core';

const sea: MantineColorsTuple = [
  '#e9f6f7',
  '#d3eaec',
  '#a5d6da',
  '#84d5da',
  '#62c3ca',
  '#2f97a1',
  '#177884',
  '#0a5f6b',
  '#084c56',
  '#063b43',
];

const red: MantineColorsTuple = [
  '#faeae7',
  '#f3cfc9',
  '#ffb3aa',
  '#ffa499',
  '#ff9085',
  '#d8483d',
  '#c23028',
  '#ad241c',
  '#8c1c15',
  '#6c150f',
];

/** Mantine's own scale of the dark scheme, in our neutrals. */
const dark: MantineColorsTuple = [
  '#dce5e7',
  '#a9b8bd',
  '#8b9ba1',
  '#5e7079',
  '#3b4d56',
  '#233139',
  '#19262c',
  '#121c21',
  '#0e161a',
  '#0a1013',
];

/** The colours of a button by its variant: one accent, one red pencil, and ink for the rest. */
function buttonVars(variant: string, color: string | undefined): Record<string, string> {
  const main = color === 'red' ? 'var(--bad)' : 'var(--accent)';
  switch (variant) {
    case 'filled':
      return {
        '--button-bg': main,
        '--button-hover': color === 'red' ? main : 'var(--accent-hover)',
        '--button-color': color === 'red' ? 'var(--paper)' : 'var(--accent-ink)',
      };
    case 'light':
      return {
        '--button-bg': 'var(--accent-wash)',
        '--button-hover': 'var(--accent-wash)',
        '--button-color': 'var(--accent)',
      };
    case 'subtle':
      return {
        '--button-bg': 'transparent',
        '--button-hover': 'var(--hover)',
        '--button-color': color === 'gray' ? 'var(--ink-2)' : main,
      };
    default:
      return {};
  }
}

export const theme = createTheme({
  primaryColor: 'sea',
  primaryShade: { light: 7, dark: 4 },
  colors: { sea, red, dark },
  fontFamily: 'var(--sans)',
  fontFamilyMonospace: 'var(--mono)',
  defaultRadius: 4,
  radius: { xs: '4px', sm: '4px', md: '4px', lg: '4px', xl: '4px' },
  fontSizes: { xs: '12px', sm: '13px', md: '14px', lg: '16px', xl: '18px' },
  spacing: { xs: '4px', sm: '8px', md: '12px', lg: '16px', xl: '24px' },
  shadows: { xs: 'none', sm: 'var(--shadow)', md: 'var(--shadow)', lg: 'var(--shadow)', xl: 'var(--shadow)' },
  headings: { fontFamily: 'var(--sans)', fontWeight: '600' },
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    Button: Button.extend({
      defaultProps: { size: 'xs', fw: 500 },
      styles: { label: { fontSize: 13 } },
      vars: (_theme, props) => ({ root: buttonVars(props.variant ?? 'filled', props.color) }),
    }),
    ActionIcon: { defaultProps: { size: 28, variant: 'subtle', color: 'gray' } },
    TextInput: { defaultProps: { size: 'sm' } },
    PasswordInput: { defaultProps: { size: 'sm' } },
    // Menus stay where their button is, so that they belong to its landmark.
    Menu: {
      defaultProps: {
        shadow: 'md',
        transitionProps: { duration: 60 },
        position: 'bottom-end',
        offset: 4,
        withinPortal: false,
        withInitialFocusPlaceholder: false,
      },
    },
    Popover: { defaultProps: { shadow: 'md', transitionProps: { duration: 60 }, withinPortal: false } },
  },
});

const shared = {
  '--mantine-color-body': 'var(--paper)',
  '--mantine-color-text': 'var(--ink)',
  '--mantine-color-dimmed': 'var(--ink-3)',
  '--mantine-color-placeholder': 'var(--ink-3)',
  '--mantine-color-default': 'var(--raised)',
  '--mantine-color-default-hover': 'var(--hover)',
  '--mantine-color-default-color': 'var(--ink)',
  '--mantine-color-default-border': 'var(--line-strong)',
  '--mantine-color-error': 'var(--bad)',
  '--mantine-color-anchor': 'var(--accent)',
  '--mantine-color-gray-light-hover': 'var(--hover)',
  '--mantine-color-gray-light-color': 'var(--ink-2)',
};

export const resolver: CSSVariablesResolver = () => ({ variables: {}, light: shared, dark: shared });

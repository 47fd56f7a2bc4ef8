import globals from 'globals'
import svelte from 'eslint-plugin-svelte'
import ts from 'typescript-eslint'
import consoleConfig from './console/svelte.config.js'
import fieldConfig from './field/svelte.config.js'

const svelteFiles = (surface) => [`${surface}/**/*.svelte`, `${surface}/**/*.svelte.ts`]

export default ts.config(
  ...ts.configs.strict,
  ...svelte.configs.recommended,
  { languageOptions: { globals: { ...globals.browser, ...globals.node } } },
  {
    files: svelteFiles('console'),
    languageOptions: { parserOptions: { parser: ts.parser, svelteConfig: consoleConfig } }
  },
  {
    files: [...svelteFiles('field'), ...svelteFiles('shared')],
    languageOptions: { parserOptions: { parser: ts.parser, svelteConfig: fieldConfig } }
  },
  {
    rules: {
      // Never render personal data as HTML.
      'svelte/no-at-html-tags': 'error',
      'no-console': 'error',
      // Both surfaces are served from the root of their address, so paths need no base.
      'svelte/no-navigation-without-resolve': 'off'
    }
  },
  { ignores: ['dist/', '**/.svelte-kit/', 'shared/generated/'] }
)

import tseslint from 'typescript-eslint';

/** The few typed rules that find real mistakes; the rest of the typed set costs minutes and finds taste. */
const typedRules = {
  '@typescript-eslint/no-base-to-string': 'error',
  '@typescript-eslint/no-floating-promises': [
    'error',
    {
      allowForKnownSafeCalls: [
        { from: 'package', name: ['test', 'describe', 'it', 'suite', 'before', 'after'], package: 'node:test' },
      ],
    },
  ],
  '@typescript-eslint/no-for-in-array': 'error',
  '@typescript-eslint/no-misused-promises': 'error',
  '@typescript-eslint/no-unsafe-argument': 'error',
  '@typescript-eslint/no-unsafe-assignment': 'error',
  '@typescript-eslint/no-unsafe-call': 'error',
  '@typescript-eslint/no-unsafe-member-access': 'error',
  '@typescript-eslint/no-unsafe-return': 'error',
  '@typescript-eslint/no-unnecessary-type-assertion': 'error',
  '@typescript-eslint/only-throw-error': 'error',
  '@typescript-eslint/prefer-promise-reject-errors': 'error',
  '@typescript-eslint/return-await': ['error', 'error-handling-correctness-only'],
  '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
};

/** House rules that no plugin knows. */
const houseRules = {
  'no-restricted-syntax': [
    'error',
    {
      selector: 'CallExpression[callee.object.name=/^(test|describe|it|suite|t)$/][callee.property.name=/^(only|skip|todo)$/]',
      message: 'No test is focused, skipped or left for later.',
    },
    {
      selector:
        'CallExpression[callee.name=/^(test|describe|it|suite)$/] > ObjectExpression > Property[key.name=/^(only|skip|todo)$/]',
      message: 'No test is focused, skipped or left for later.',
    },
    { selector: 'TSEnumDeclaration', message: 'Types are erasable: use a union of literals.' },
    { selector: 'TSParameterProperty', message: 'Types are erasable: declare the field.' },
  ],
  'no-warning-comments': ['error', { terms: ['todo', 'fixme', 'xxx'] }],
  eqeqeq: ['error', 'always', { null: 'ignore' }],
  'no-var': 'error',
  'prefer-const': 'error',
};

const known = (names) => Object.fromEntries(names.split(' ').map((name) => [name, 'readonly']));
const nodeGlobals = known(
  'process console URL Buffer AbortController performance setTimeout clearTimeout setInterval clearInterval setImmediate',
);
const pageGlobals = known('document window navigator location localStorage matchMedia');

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', 'data/', '.cache/', 'e2e/**/results/'] },
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [tseslint.configs.strict],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      ...typedRules,
      ...houseRules,
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'all' }],
      // `!` after a check that the types cannot follow is clearer than a branch that never runs.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // Empty bodies say "nothing to do" in ports and defaults.
      '@typescript-eslint/no-empty-function': 'off',
      // `Promise<T> | void` says "may be awaited" in callbacks.
      '@typescript-eslint/no-invalid-void-type': 'off',
      // Loops that end from within read better than flags.
      'no-constant-condition': ['error', { checkLoops: false }],
    },
  },
  {
    files: ['**/*.js', '**/*.mjs'],
    languageOptions: { globals: nodeGlobals },
    rules: { ...houseRules, 'no-undef': 'error', 'no-unused-vars': ['error', { argsIgnorePattern: '^_' }] },
  },
  { files: ['public/**/*.js'], languageOptions: { globals: pageGlobals } },
);

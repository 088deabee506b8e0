// Sets the colour scheme before the first paint. A file of its own, because the content security policy allows no inline scripts.
(() => {
  let scheme = null;
  try {
    scheme = localStorage.getItem('leadline-color-scheme');
  } catch {}
  if (scheme !== 'light' && scheme !== 'dark') {
    scheme = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
  }
  document.documentElement.setAttribute('data-mantine-color-scheme', scheme);
})();

// Runs before the first paint, so that a chosen theme never flashes. Without a choice the system's holds.
try {
  const theme = localStorage.getItem('stompede.theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  // Storage is switched off: the system's theme it is.
}

import { medianFigures, type Figures } from './figures.ts';
import { machine, type Report, type Row } from './report.ts';

/** The report as Markdown: one table for each workload, medians, with the least and the most CPU of all rounds. */
export function toMarkdown(report: Report): string {
  const facts = Object.entries(machine()).map(([name, value]) => `${name} ${value}`);
  const lines = [`${report.startedAt.toISOString().slice(0, 16).replace('T', ' ')} UTC; ${facts.join(', ')}`, ''];
  for (const workload of new Set(report.rows.map((row) => row.workload))) {
    const rows = report.rows.filter((row) => row.workload === workload);
    lines.push(`### ${workload}`, '', ...tableOf(rows), '');
  }
  const flaws = report.rows.flatMap((row) => row.flaws.map((flaw) => `${row.workload}, ${row.rival}, ${row.case}: ${flaw}`));
  const rivals = Object.entries(report.rivals).map(([name, state]) => `${name}: ${state}`);
  return [...lines, ...rivals, ...report.notes, ...flaws.map((flaw) => `FLAW ${flaw}`), ''].join('\n');
}

function tableOf(rows: readonly Row[]): string[] {
  const unit = rows[0]!.unit;
  const head = ['case', 'broker', `CPU µs/${unit}`, 'least–most', `${unit === 'delivery' ? 'deliveries' : `${unit}s`}/s`];
  head.push('p50 ms', 'p99 ms', 'RssAnon MiB', 'per read', 'generator µs', 'ledger', 'also');
  const body = byCase(rows).map((row) => cellsOf(row));
  const widths = head.map((title, i) => Math.max(title.length, ...body.map((cells) => cells[i]!.length)));
  const line = (cells: readonly string[]): string => `| ${cells.map((cell, i) => (i < 2 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join(' | ')} |`;
  const rule = `|${widths.map((width, i) => (i < 2 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  return [line(head), rule, ...body.map(line)];
}

/** All brokers of a case beside each other, cases in the order in which they came first. */
function byCase(rows: readonly Row[]): Row[] {
  const names = [...new Set(rows.map((row) => row.case))];
  return names.flatMap((name) => rows.filter((row) => row.case === name));
}

function cellsOf(row: Row): string[] {
  if (row.rounds.length === 0) return [row.case, row.rival, ...Array.from({ length: 8 }, () => '–'), 'FAILED', ''];
  const figures: Figures = medianFigures(row.rounds);
  const cpu = row.rounds.map((round) => round.cpuMicros);
  const extra = Object.entries(figures.extra).filter(([name]) => !name.endsWith('in all'));
  return [
    row.case,
    row.rival,
    short(figures.cpuMicros),
    `${short(Math.min(...cpu))}–${short(Math.max(...cpu))}`,
    figures.p50Ms > 0 ? Math.round(figures.perSecond).toLocaleString('en').replaceAll(',', ' ') : '–',
    figures.p50Ms > 0 ? short(figures.p50Ms) : '–',
    figures.p99Ms > 0 ? short(figures.p99Ms) : '–',
    short(figures.rssAnonMiB),
    figures.perRead > 0 ? short(figures.perRead) : '–',
    short(figures.generatorMicros),
    row.flaws.length === 0 ? 'complete' : 'FLAWED',
    extra.map(([name, value]) => `${name} ${short(value)}`).join(', '),
  ];
}

/** Three digits that count. */
function short(value: number): string {
  if (!Number.isFinite(value)) return '–';
  return Math.abs(value) >= 100 ? String(Math.round(value)) : value.toPrecision(3).replace(/e.*/, '');
}

"""Style of the report, on a screen in light and dark, and on paper."""

LIGHT = {
    "background": "#FFFFFF",
    "panel": "#F6F4F0",
    "text": "#1B1A18",
    "muted": "#66625C",
    "grid": "#E4E0D9",
    "accent": "#AE4300",
}
DARK = {
    "background": "#16181D",
    "panel": "#1E2128",
    "text": "#ECE9E4",
    "muted": "#A5A29B",
    "grid": "#33373F",
    "accent": "#FF8A4C",
}
"""The studio's; a test holds them equal."""
LINES = ("#0A4FA0", "#AE4300", "#00765A", "#9A3D78"), ("#6FA8FF", "#FF8A4C", "#2FC59B", "#E08FC0")
"""Colours of curves, in light and in dark: read, keep, write and candidate of the studio."""


def _variables(colours: dict[str, str], lines: tuple[str, ...]) -> str:
    named = colours | {f"l{number}": colour for number, colour in enumerate(lines)}
    return " ".join(f"--{name}: {colour};" for name, colour in named.items())


STYLE = f"""
:root {{ color-scheme: light dark; {_variables(LIGHT, LINES[0])} }}
@media (prefers-color-scheme: dark) {{ :root {{ {_variables(DARK, LINES[1])} }} }}
@media print {{ :root {{ {_variables(LIGHT, LINES[0])} }} section {{ break-inside: avoid; }} }}
body {{ margin: 0 auto; padding: 2rem 1.25rem; max-width: 50rem; background: var(--background); color: var(--text);
  font: 16px/1.5 "Source Sans 3", "Source Sans Pro", system-ui, sans-serif; overflow-wrap: anywhere; }}
h1 {{ font-size: 1.6rem; line-height: 1.25; margin: 0 0 .25rem; }}
h2 {{ font-size: 1.15rem; line-height: 1.35; margin: 0 0 .4rem; }}
section {{ margin: 1.75rem 0; padding-left: 1rem; border-left: 4px solid var(--grid); }}
section.wrong {{ border-left-color: var(--accent); }}
section.look {{ border-left-style: dashed; border-left-color: var(--muted); }}
p {{ margin: .35rem 0; }}
.muted, .about {{ color: var(--muted); }}
.severity {{ font-weight: 700; letter-spacing: .04em; }}
.wrong .severity {{ color: var(--accent); }}
table {{ border-collapse: collapse; width: 100%; font-size: .95rem; }}
th, td {{ text-align: left; vertical-align: top; padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--grid); font-weight: 400; }}
th {{ color: var(--muted); }}
pre {{ white-space: pre-wrap; background: var(--panel); padding: .75rem; }}
div.chart {{ overflow-x: auto; }}
svg {{ display: block; width: 100%; min-width: 30rem; height: auto; margin-top: .6rem; font-size: 12px; }}
svg .muted {{ fill: var(--muted); }}
svg .grid {{ stroke: var(--grid); }}
svg .bar {{ fill: var(--muted); }}
svg .marked, svg .mark {{ fill: var(--accent); }}
svg .threshold {{ stroke: var(--text); stroke-dasharray: 4 4; }}
svg .line {{ fill: none; stroke-width: 1.8; stroke: currentColor; }}
svg .dot {{ fill: currentColor; }}
svg text.l0, svg text.l1, svg text.l2, svg text.l3 {{ fill: currentColor; }}
svg .l0 {{ color: var(--l0); }} svg .l1 {{ color: var(--l1); }} svg .l2 {{ color: var(--l2); }} svg .l3 {{ color: var(--l3); }}
"""

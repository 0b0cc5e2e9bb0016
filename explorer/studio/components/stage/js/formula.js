// The language of a cell's formulas (explorer/formula.py): names, numbers, + - *, parentheses, and the functions below.

const FUNCTIONS = { sigmoid: (a) => 1 / (1 + Math.exp(-a)), tanh: Math.tanh, relu: (a) => Math.max(0, a) };

function tokensOf(formula) {
  return formula.match(/[A-Za-z_]\w*|\d+(?:\.\d+)?|[-+*()]/g);
}

// A function of a lookup from names to numbers.
function compile(formula) {
  const tokens = tokensOf(formula);
  const accept = (...wanted) => (wanted.includes(tokens[0]) ? tokens.shift() : null);
  function sum() {
    let left = product();
    for (let sign; (sign = accept("+", "-")); ) {
      const [a, b] = [left, product()];
      left = sign === "+" ? (of) => a(of) + b(of) : (of) => a(of) - b(of);
    }
    return left;
  }
  function product() {
    let left = factor();
    while (accept("*")) {
      const [a, b] = [left, factor()];
      left = (of) => a(of) * b(of);
    }
    return left;
  }
  function factor() {
    const token = tokens.shift();
    if (token === "(") {
      const inner = sum();
      accept(")");
      return inner;
    }
    if (/^\d/.test(token)) return () => Number(token);
    if (token in FUNCTIONS && accept("(")) {
      const inner = sum();
      accept(")");
      return (of) => FUNCTIONS[token](inner(of));
    }
    return (of) => of(token);
  }
  return sum();
}

// "=" where the printed numbers give the printed result, "≈" where they were rounded too far for that.
function equals(reading, formula, { step, unit }) {
  const compute = compile(formula);
  const at = (name) => named(reading, name, step, unit);
  const again = compute((name) => Number(exact(at(name))));
  return exact(again) === exact(compute(at)) ? " = " : " ≈ ";
}

// A formula as it is printed: symbols, or the numbers of a place instead; names in the colours of their roles.
function print(parent, theme, reading, formula, at) {
  for (const part of tokensOf(formula)) {
    const name = part.replace(/_prev$/, "");
    if (name in reading.byName) {
      const colour = theme.roles[reading.byName[name].role];
      if (at) {
        const number = element("b", "", parent, exact(named(reading, part, at.step, at.unit)));
        number.style.color = colour;
        number.classList.toggle("edited", edited(reading, part, at.step, at.unit) === 2);
      } else symbol(parent, reading.byName[name].letter, part !== name, colour);
    } else {
      parent.append({ "*": at ? " × " : " ⊙ ", "+": " + ", "-": " − ", sigmoid: "σ" }[part] ?? part);
    }
  }
}

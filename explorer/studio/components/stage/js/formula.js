// The language of a cell's formulas (explorer/formula.py): names, numbers, + - *, parentheses, and the functions below.

const clip = (a, low, high) => Math.min(high, Math.max(low, a));
const FUNCTIONS = {
  sigmoid: (a) => 1 / (1 + Math.exp(-a)),
  tanh: Math.tanh,
  relu: (a) => Math.max(0, a),
  clip,
  hardsigmoid: (a) => clip(a / 6 + 0.5, 0, 1),
  hardtanh: (a) => clip(a, -1, 1),
  relu6: (a) => clip(a, 0, 6),
  elu: (a, alpha = 1) => (a > 0 ? a : alpha * Math.expm1(a)),
  selu: (a) => 1.0507009873554805 * (a > 0 ? a : 1.6732632423543772 * Math.expm1(a)),
  leaky_relu: (a, slope) => (a > 0 ? a : slope * a),
  softplus: (a) => Math.max(a, 0) + Math.log1p(Math.exp(-Math.abs(a))),
  softsign: (a) => a / (1 + Math.abs(a)),
};

function tokensOf(formula) {
  return formula.match(/[A-Za-z_]\w*|\d+(?:\.\d+)?(?:e[-+]?\d+)?|[-+*(),]/g);
}

// A function of a lookup from names to numbers.
function compile(formula) {
  const tokens = tokensOf(formula);
  const accept = (...wanted) => (wanted.includes(tokens[0]) ? tokens.shift() : null);
  function sum() {
    let result = product();
    for (let sign; (sign = accept("+", "-")); ) {
      const [a, b] = [result, product()];
      result = sign === "+" ? (of) => a(of) + b(of) : (of) => a(of) - b(of);
    }
    return result;
  }
  function product() {
    let result = factor();
    while (accept("*")) {
      const [a, b] = [result, factor()];
      result = (of) => a(of) * b(of);
    }
    return result;
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
      const inner = [sum()];
      while (accept(",")) inner.push(sum());
      accept(")");
      return (of) => FUNCTIONS[token](...inner.map((one) => one(of)));
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
      parent.append({ "*": at ? " × " : " ⊙ ", "+": " + ", "-": " − ", ",": ", ", sigmoid: "σ" }[part] ?? part);
    }
  }
}

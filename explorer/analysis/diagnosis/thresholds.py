"""Thresholds of the checks, each with its reason; if it rests on networks, with the measurements on them.

Those of answers, and of what is worth a look, were fixed on one half of the seeds and tasks of `tests.benchmarks.diagnosing`.
"""

STEPS = 10
"""With fewer steps nothing can be concluded from what a unit never does."""
FEW_UNITS = 4
"""With fewer units a layer can be wired so by design: a latch of one unit is all latch. Then shares of units are never
"wrong"."""

SHUT, OPEN = 0.1, 0.9
"""A gate counts as shut below, as open above: the bounds of Karpathy, Johnson & Fei-Fei 2015."""
STUCK = 0.95
"""The share of the steps from which on a gate is called stuck: it has moved at 1 step in 20 at most."""
MANY_STUCK = 0.5
"""The share of a layer's units from which on stuck gates are worth a look."""
ALL_STUCK = 0.9
"""The share of a layer's units from which on stuck gates are wrong: the gate is a constant, and the layer has lost its
purpose."""

STILL = 1e-3
"""A unit whose h is moved by less by all that is read is dead: half a thousandth of the range of tanh, which a readout's weight of 1
turns into odds that change by 0.1 %."""
SOME_STILL = 0.25
"""The share of a layer's units from which on dead units, or units without effect, are worth a look."""
MANY_STILL = 0.5
"""The share of a layer's units from which on dead ones are wrong."""
UNHEARD = 1e-6
"""Outgoing weights of this share of the layer's typical length are none."""

ALIKE = 0.999
"""The |r| of two units' paths from which on they are compared by their weights."""
SAME_WEIGHTS = 0.02
"""Largest distance between the weights of two units, as a share of their length, that still makes them one unit. Units
that training made alike have weights further apart: different weights can give the same path of small range."""

LARGE_STATE = 10.0
"""Size at which tanh(c) has no slope left: 1 - tanh² is 8e-9 there, below what float32 resolves beside 1."""
MANY_LARGE = 0.25
"""The share of a layer's units from which on very large cell states that grow all along are worth a look."""
GROWING = 0.9
"""The correlation of |c| with the step from which on c counts as growing all along the text."""
VERY_LARGE, BLOWN_UP = 100.0, 1000.0
"""From the first on growth is worth a look; from the second on a state is out of hand, unless there are more steps: an
LSTM's c adds less than 1 a step, so c cannot be larger than their number. english-lstm-peephole reaches 1490 in 1500
steps."""

AT_THE_END = 0.99
"""A tanh's output beyond this has a slope below 0.02: next to nothing passes back through it."""
MANY_SATURATED = 0.7
"""The share of a layer's units that are at the end nearly all the time, or of all units' steps, from which on it is
worth a look."""
ALL_SATURATED = 0.8
"""The share from which on it is wrong: the layer computes with bits. The shipped tanh networks are there for 64 % of
their units' steps at most; one with weights from ±50/√units for 92 %, and then its gradients vanish, so that no other
check would notice."""

LATCH = 20.0
"""Half-lives, in steps, from which on a unit is called a latch; in a text shorter than twice that, a latch that never
forgets reaches only that value."""

SHUT_BIAS = -2.0
"""A bias of the keep gate that halves a memory at every step or worse: σ(-2) = 0.12. The usual values are 1 to 3."""
CLOSED_BIAS = -4.0
"""Bias that is wrong whatever the network makes of it: σ(-4) = 0.018, two orders below the usual. The shipped models'
medians are -2.8 and above, and those below -2 belong to networks of 2 and 3 units that count with them."""
KEEPS = 0.5
"""A belt that keeps less a step halves what it holds at every step: the advice is to keep more. Above, it can only be to keep less."""
USUAL_BIAS = (1.0, 3.0)
"""The forget biases that are advised: 1 (Gers et al. 2000; Jozefowicz et al. 2015), more for longer lags (Tallec & Ollivier 2018)."""

LARGE = 512
"""More units than this, and the eigenvalues of the recurrent weights are left out: they take 2.5 s a gate at 1,024 units and eight times
as long at 2,048, and no finding rests on them."""
GROWS, EXPLODES = 30.0, 100.0
"""Growth of a gradient on its way back, as a multiple of its size at its own step, that one target in ten reaches: from
the first on worth a look, from the second on exploding. The shipped models reach 12 at most (counter-gru). Tanh
networks of 16 and 32 units with weights drawn from ±6/√units reach 1e5 and more within 40 steps, LSTMs of that size
with ±12/√units 24 and 1e5."""
LOST = 1e-6
"""The share of the gradient at its own step below which it is lost: float32 resolves 6e-8 beside 1."""
LEANS = 0.01
"""Mean change of an answer when a token is left out, from which on the network counts as using it."""

FRESH = 0.05
"""Largest difference between the spread of weights and that of a uniform draw within ±1/√units, 1/√(3 units), that
still counts as untrained. Of the shipped models that were trained, the widest weight is 1.2 to 92 times the bound, and
the spread 0.81 to 9.9 times as wide."""
ENOUGH_WEIGHTS = 64
"""Fewer weights say nothing of how they were drawn."""
ORTHOGONAL = 1e-4
"""How far W Wᵀ may be from the identity for a matrix to count as drawn orthogonal, as Keras and many recipes draw them."""
DEAF = 0.05
"""Share of the variation of the readout's bias: where h adds less than this to the scores, the bias is the answer."""

ANSWERS = 50
"""Fewer known answers say too little of how right a network is."""
NOT_LEARNT, POOR = 0.9, 0.86
"""Bits of the network as a share of the text's own counts from which on it has not learnt to predict, and from which on that is worth a
look. On the half of the networks that fixed it the healthy ones have 0.79 at most, and one of too large a learning rate 0.97."""
GOOD = 0.3
"""Share of bits below which a network predicts so well that it may need no context."""
PAIRS = 1.02
"""Bits of a predictor that counts triples, as a share of those of one that counts pairs, below which there is something
to remember. On 2,000 tokens of english it is 0.99; of agreement, whose next word nearly always follows from the present
one, 1.06."""
CONTEXT, CONTEXT_LOOK = 0.08, 0.1
"""Bits that the context saves, as a share of the text's own counts, below which it is worth nothing, and below which that is worth a look.
On the half that fixed it healthy networks of english save 0.15 and more, those with step and batch exchanged 0.03."""
MEMORISED = 0.4
"""Excess of the share of bits on unseen texts over this one, from which on this one is memorised. Healthy networks have
0.05 at most."""
SKILL, SKILL_LOOK = 0.1, 0.2
"""The share of a rival's error that must be avoided not to be wrong, and not to be worth a look. Networks that answer at random avoid 0 or
less; copy-rnn, which knows when to say a letter but not which, 0.1."""

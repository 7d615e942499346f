"""Numbers as text, the same in the terminal, in advice and on pages."""

import math

from goodviews.core.interval import Interval

ONE_SEED = "(one seed, no interval)"


def number(value: float, decimals: int, *, signed: bool = False, bare: bool = False) -> str:
    """A number with a typographic minus; what rounds to zero has no sign.

    Args:
        value: The number.
        decimals: Digits behind the point.
        signed: Whether a positive number has its sign as well.
        bare: Whether the zero before the point is left out, as in ``.938``.

    Example:
        >>> number(-0.024, 2), number(4.2, 1, signed=True), number(-0.001, 2)
        ('−0.02', '+4.2', '0.00')
        >>> number(-0.5, 3, bare=True)
        '−.500'
    """
    text = f"{value:{'+' if signed else ''}.{decimals}f}"
    if float(text) == 0:
        text = text.lstrip("+-")
    if bare:
        text = text.replace("0.", ".", 1) if abs(float(text)) < 1 else text
    return text.replace("-", "−")


def share(value: float, decimals: int = 3) -> str:
    """An accuracy or another share of 1, without the zero before the point.

    Example:
        >>> share(0.938), share(1.0)
        ('.938', '1.000')
    """
    return number(value, decimals, bare=True)


def ends(low: float, high: float, decimals: int, **form: bool) -> str:
    """The two ends of an interval, in brackets.

    Args:
        low: The lower end.
        high: The upper end.
        decimals: Digits behind the point.
        **form: As in :func:`number`.

    Example:
        >>> ends(-0.5, 2.0, 1)
        '[−0.5, 2.0]'
    """
    return f"[{number(low, decimals, **form)}, {number(high, decimals, **form)}]"


def percent(level: Interval, least: float = 0.0) -> str:
    """An accuracy in percent with its interval, for sentences.

    Args:
        level: The accuracy, as a share.
        least: Smallest value that it can have.

    Example:
        >>> percent(Interval(0.938, 0.926, 0.95))
        '93.8 % [92.6, 95.0]'
    """
    cut = level.times(100).within(100 * least, 100)
    text = f"{number(cut.value, 1)} %"
    return f"{text} {ends(cut.low, cut.high, 1)}" if cut.known else f"{text} {ONE_SEED}"


def points(interval: Interval, *, signed: bool = False, scale: float = 100) -> str:
    """A difference of accuracies in points of 100, with its interval.

    Args:
        interval: The difference.
        signed: Whether a gain has a plus.
        scale: 1 for a difference that is in points already.

    Example:
        >>> points(Interval(0.042, 0.028, 0.056))
        '4.2 points [2.8, 5.6]'
    """
    gap = interval.times(scale)
    text = f"{number(gap.value, 1, signed=signed)} points"
    if not gap.known:
        return f"{text} {ONE_SEED}"
    return f"{text} {ends(gap.low, gap.high, 1, signed=signed)}"


def decimals(half: float, finest: int) -> int:
    """Number of decimals whose last digit is no finer than a hundredth of the interval.

    Args:
        half: Half the width of the interval.
        finest: The most decimals.

    Example:
        >>> decimals(0.01, 3), decimals(2.0, 3)
        (3, 1)
    """
    if not 0 < half < math.inf:
        return finest
    keep = finest
    while keep > 0 and half >= 10.0 ** (2 - keep):
        keep -= 1
    return keep


def two_digits(count: float) -> str:
    """A count rounded up to two significant digits.

    Example:
        >>> two_digits(1344), two_digits(7.2)
        ('1,400', '8')
    """
    if count < 10:
        return str(math.ceil(count))
    step = 10 ** (math.floor(math.log10(count)) - 1)
    return f"{math.ceil(count / step) * step:,}"


def counted(count: int, word: str) -> str:
    """A number with its noun.

    Example:
        >>> counted(1, "channel"), counted(1200, "image")
        ('1 channel', '1,200 images')
    """
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def duration(seconds: float) -> str:
    """Seconds as seconds, minutes or hours.

    Example:
        >>> duration(61), duration(1182), duration(9000)
        ('61 s', '20 min', '2 h 30 min')
    """
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"

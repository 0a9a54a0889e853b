using System.Globalization;
using System.Runtime.CompilerServices;

namespace OpenVdi.Diagnostics;

/// <summary>The arguments of a traced call as an interpolated string that is only made when the trace is on.</summary>
[InterpolatedStringHandler]
internal ref struct TraceArguments
{
    private readonly bool _isEnabled;
    private DefaultInterpolatedStringHandler _text;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TraceArguments(int literalLength, int formattedCount, out bool isEnabled)
    {
        isEnabled = VdiTelemetry.IsTracing;
        _isEnabled = isEnabled;
        _text = isEnabled ? new(literalLength, formattedCount, CultureInfo.InvariantCulture) : default;
    }

    public void AppendLiteral(string text) => _text.AppendLiteral(text);

    public void AppendFormatted<T>(T value) => _text.AppendFormatted(value);

    public void AppendFormatted<T>(T value, string? format) => _text.AppendFormatted(value, format);

    public string? ToText() => _isEnabled ? _text.ToStringAndClear() : null;
}

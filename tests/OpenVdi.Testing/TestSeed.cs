using System.Globalization;

namespace OpenVdi.Testing;

/// <summary>Where a random test begins: OPENVDI_SEED when it is set, so that a failure is replayed from the number that it
/// printed; else the number written in the test, so that two runs are the same.</summary>
public static class TestSeed
{
    /// <summary>The environment variable that replays a seed.</summary>
    public const string Variable = "OPENVDI_SEED";

    /// <summary>The seed to begin with.</summary>
    public static int Choose(int usual) =>
        Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } text
            ? int.Parse(text, CultureInfo.InvariantCulture)
            : usual;

    /// <summary>A number from the environment, or the usual one.</summary>
    public static int Count(string variable, int usual) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text
            ? int.Parse(text, NumberStyles.AllowThousands, CultureInfo.InvariantCulture)
            : usual;
}

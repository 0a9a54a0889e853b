using System.Globalization;

namespace OpenVdi.CrossProcess.Tests;

/// <summary>How long a campaign is: short in a normal run, long when the environment says so.</summary>
internal static class CampaignSettings
{
    /// <summary>OPENVDI_KILLS.</summary>
    public static int KillCount => Number("OPENVDI_KILLS", 45);

    /// <summary>OPENVDI_SCRIBBLES.</summary>
    public static int ScribbleCount => Number("OPENVDI_SCRIBBLES", 60);

    /// <summary>OPENVDI_SEED: what decides every choice. What the scheduler does in between, nobody decides.</summary>
    public static int Seed => Number("OPENVDI_SEED", 20261122);

    /// <summary>OPENVDI_LANES: how many rounds run at once.</summary>
    public static int LaneCount => Number("OPENVDI_LANES", 2);

    /// <summary>OPENVDI_SCRIBBLE_KINDS: only these kinds of mutation, separated by commas; all when empty.</summary>
    public static IReadOnlyList<string> ScribbleKinds =>
        Environment.GetEnvironmentVariable("OPENVDI_SCRIBBLE_KINDS") is { Length: > 0 } kinds
            ? kinds.Split(',')
            : TestPeer.Scribbler.Kinds;

    private static int Number(string variable, int fallback) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text
            ? int.Parse(text, CultureInfo.InvariantCulture)
            : fallback;
}

namespace OpenVdi.Cli.Demo;

/// <summary>What the user wants to see.</summary>
/// <param name="SizeBytes">Size of the database.</param>
/// <param name="DeviceCount">Devices, and stripes.</param>
/// <param name="WriterCount">Writers during the backup.</param>
/// <param name="RoundCount">Rounds of the comparison with a plain copy.</param>
/// <param name="Folder">The demonstration's own folder; it exists and is empty.</param>
/// <param name="Seed">Of the content, and of what the writers do.</param>
/// <param name="IsSabotaged">Whether one row of the restored database is changed before it is checked.</param>
internal sealed record DemoRequest(
    long SizeBytes, int DeviceCount, int WriterCount, int RoundCount, string Folder, int Seed, bool IsSabotaged);

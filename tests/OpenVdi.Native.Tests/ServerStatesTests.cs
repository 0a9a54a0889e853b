using System.Globalization;
using OpenVdi.Client;
using OpenVdi.SharedMemory;
using OpenVdi.Testing;

namespace OpenVdi.Native.Tests;

/// <summary>The server's transition table, cell by cell through the C interface: what a C program finds is compared with the
/// specification's own table, as the managed classes are in OpenVdi.Conformance.</summary>
public sealed class ServerStatesTests(ServerPrograms programs) : IClassFixture<ServerPrograms>, IDisposable
{
    private const int RowCount = 15;

    private readonly List<ClientVirtualDeviceSet> _sets = [];

    public static TheoryData<ServerSetState> States => [.. Enum.GetValues<ServerSetState>()];

    public void Dispose() => _sets.ForEach(static set => set.Dispose());

    [Theory, MemberData(nameof(States))]
    public void EveryFunction_InEveryState_AnswersAsTheTableSays(ServerSetState state)
    {
        string[] names = [.. Enumerable.Range(0, 2 * RowCount).Select(_ => NewSet())];
        string[] lines = NativeProgram
            .Run(programs.Path("gcc", "server_states.c"), [$"{(int)state}", .. names])
            .ExpectSuccess().Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        List<string> found = [.. lines.Where(static line => line[0] == 'S').Select(static line => Spell(line))];

        // As in OpenVdi.Conformance: the first outcome of a cell; S12/Active points to the device's table.
        IEnumerable<string> expected = Enumerable.Range(1, RowCount).Select(row =>
            $"S{row} " + (SpecTables.Cell($"S{row}", state.ToString()).Outcomes is [{ } outcome, ..] ? outcome.Status : "NOERROR"));
        Assert.Equal(expected, found);

        // A command has one callback, whatever becomes of it; refused with the code of 7.6, accepted and then aborted with 995.
        string refusal = found[11][4..];
        string code = SpecDocument.Vdi.Rows.FirstOrDefault(row => row.Section == "7.6" && row["SendCommand returns"] == refusal)
            ?["Number"] ?? "995";
        Assert.Equal($"callbacks 1 {code}", lines.Single(static line => line.StartsWith("callbacks", StringComparison.Ordinal)));
    }

    private static string Spell(string line)
    {
        (string row, string code) = (line[..line.IndexOf(' ', StringComparison.Ordinal)], line[^8..]);
        int value = unchecked((int)uint.Parse(code, NumberStyles.HexNumber, CultureInfo.InvariantCulture));
        return row == "S11" ? $"{row} {(value == 1 ? "TRUE" : value == 0 ? "FALSE" : code)}" : $"{row} {((VdResult)value).SpecName()}";
    }

    private string NewSet()
    {
        string name = $"states-{Guid.NewGuid():N}";
        ClientVirtualDeviceSet set = new(SharedMemoryTransport.Default);
        _sets.Add(set);
        Assert.Equal(VdResult.Ok, set.Create(name, new SetConfiguration { DeviceCount = 2 }));
        return name;
    }
}

using System.Globalization;
using OpenVdi.Client;
using OpenVdi.SharedMemory;
using OpenVdi.Streaming;
using OpenVdi.Testing;

namespace OpenVdi.Native.Tests;

/// <summary>The codes that each function of the C interface can return, compared with the specification's table R10 to R24,
/// and how refused commands are called back.</summary>
public sealed class ServerCodesTests(ServerPrograms programs) : IClassFixture<ServerPrograms>, IDisposable
{
    /// <summary>Only for a call that is in progress when the abort arrives (S-n1).</summary>
    private static readonly string[] s_onlyWhenInterrupted = ["R12", "R13", "R15"];

    // Name, what the last send returned, completion code, on whose thread, how many callbacks.
    private static readonly string[] s_probes =
    [
        "failed NOERROR 112 agent 1",
        "in-error VD_E_IO_ERROR 1117 own 1",
        "cleared NOERROR 0 agent 1",
        "again NOERROR 0 agent 1",
        "unknown NOERROR 50 agent 1",
        "full VD_E_QUEUE_FULL 1450 own 1",
        "closed VD_E_PROTOCOL 6 own 1",
        "aborted VD_E_ABORT 995 own 1",
        "gone VD_E_PROTOCOL 6 own 1",
        // As many as the queue of a set with four buffers takes (Q3), and every one of them was called back.
        "outstanding 127",
    ];

    private readonly List<ClientVirtualDeviceSet> _sets = [];

    public void Dispose() => _sets.ForEach(static set => set.Dispose());

    [Fact, Spec("E1"), Spec("E2"), Spec("E3"), Spec("E4"), Spec("A5"), Spec("Q3")]
    public async Task EveryFunction_OverItsSituations_ReturnsTheCodesOfItsRowAndNoOther()
    {
        string served = NewName();
        await using BackupSession session = BackupSession.Create(served, new BackupSessionOptions { Names = [served, "b"] });
        using NativeProgram program = NativeProgram.Start(
            programs.Path("gcc", "server_codes.c"), [NewName(), served, .. Enumerable.Range(0, 6).Select(_ => NewSet())]);
        await session.WaitForServerAsync();
        DevicePump device = await session.OpenDeviceAsync("b");

        // The device is closed before the set is aborted; which of the two its thread sees is a matter of time.
        await Record.ExceptionAsync(() => device.RunAsync(new FailsOnce()));
        string[][] lines = [.. program.Finish().ExpectSuccess().Output
            .Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => line.Split(' '))];

        Assert.All(Enumerable.Range(10, 15).Where(static number => number != 20).Select(static number => $"R{number}"), row =>
        {
            SortedSet<string> expected = [.. SpecTables.Outcomes(SpecDocument.Vdi[row]["doc"])
                .Concat(SpecTables.Outcomes(SpecDocument.Vdi[row]["state"])).Select(static outcome => outcome.Status)];
            expected.ExceptWith(s_onlyWhenInterrupted.Contains(row) ? ["VD_E_ABORT"] : []);
            SortedSet<string> found = [.. lines.Where(line => line[0] == row).Select(static line => Spell(line[1]))];
            Assert.True(expected.SetEquals(found), $"{row}: expected {string.Join(' ', expected)}, found {string.Join(' ', found)}");
        });
        string[] probes = [.. lines.Where(static line => line[0][0] != 'R').Select(static line =>
            string.Join(' ', line.Select(static word => word.StartsWith("0x", StringComparison.Ordinal) ? Spell(word) : word)))];
        Assert.Equal(s_probes.Order(), probes.Order());
    }

    private static string Spell(string code) => ((VdResult)unchecked(
        (int)uint.Parse(code[2..], NumberStyles.HexNumber, CultureInfo.InvariantCulture))).SpecName();

    private static string NewName() => $"codes-{Guid.NewGuid():N}";

    private string NewSet()
    {
        string name = NewName();
        ClientVirtualDeviceSet set = new(SharedMemoryTransport.Default);
        _sets.Add(set);
        Assert.Equal(VdResult.Ok, set.Create(name, new SetConfiguration { DeviceCount = 2 }));
        return name;
    }

    private sealed class FailsOnce : IDeviceHandler
    {
        private int _count;

        public ValueTask<DeviceAnswer> HandleAsync(ClientCommand command, CancellationToken cancellationToken) =>
            ValueTask.FromResult((int)command.Code == 99 ? DeviceAnswer.NotSupported
                : ++_count == 1 ? DeviceAnswer.Failed(CompletionCode.DiskFull) : DeviceAnswer.Done);
    }
}

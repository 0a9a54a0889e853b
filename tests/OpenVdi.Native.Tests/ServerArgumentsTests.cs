using System.Globalization;
using OpenVdi.Client;
using OpenVdi.Diagnostics;
using OpenVdi.SharedMemory;

namespace OpenVdi.Native.Tests;

/// <summary>Null and garbage everywhere in the C interface of the server: refused with VD_E_INVALID, never a crash, and no
/// callback for what was not sent.</summary>
public sealed class ServerArgumentsTests(ServerPrograms programs) : IClassFixture<ServerPrograms>, IDisposable
{
    private const int LeastChecks = 300;

    private readonly List<ClientVirtualDeviceSet> _sets = [];

    public void Dispose() => _sets.ForEach(static set => set.Dispose());

    [Fact]
    public void EveryFunction_WithWrongHandlesPointersAndStrings_RefusesThem()
    {
        string[] names = [.. Enumerable.Range(0, 5).Select(_ => NewSet())];
        string output = NativeProgram.Run(programs.Path("gcc", "server_arguments.c"), names).ExpectSuccess().Output;
        Assert.EndsWith(" calls checked\n", output, StringComparison.Ordinal);
        Assert.InRange(int.Parse(output.Split(' ')[0], CultureInfo.InvariantCulture), LeastChecks, int.MaxValue);
    }

    [Fact]
    public void Failures_WithTheTraceOfTheOriginal_AreLinesInItsShape()
    {
        string[] names = [.. Enumerable.Range(0, 5).Select(_ => NewSet())];
        using NativeProgram program = NativeProgram.Start(
            programs.Path("gcc", "server_arguments.c"), names, (TelemetryNames.TraceVariable, "sqlvdi"));
        string[] lines = program.Finish().ExpectSuccess().Error.Split('\n');
        Assert.Contains("libsqlvdi: close_device: no object of this library: error 0x80770006", lines);
        Assert.Contains(
            $"{names[0]}: close_device: device '{names[0]}': the set is aborted: na\u00EFve: error 0x80770004", lines);
        Assert.Contains($"{names[0]}: send_command: device '{names[0]}': send_command: the command is null: error 0x80770006", lines);
    }

    private string NewSet()
    {
        string name = $"arguments-{Guid.NewGuid():N}";
        ClientVirtualDeviceSet set = new(SharedMemoryTransport.Default);
        _sets.Add(set);
        Assert.Equal(VdResult.Ok, set.Create(name, new SetConfiguration { DeviceCount = 2 }));
        return name;
    }
}

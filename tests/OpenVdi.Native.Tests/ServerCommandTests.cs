using System.Diagnostics;
using System.Globalization;
using OpenVdi.Client;
using OpenVdi.Streaming;
using OpenVdi.Testing;

namespace OpenVdi.Native.Tests;

/// <summary>What becomes of commands that a C engine sends: callbacks that use the interface, a client that dies, and the
/// memory that many of them take.</summary>
public sealed class ServerCommandTests(ServerPrograms programs) : IClassFixture<ServerPrograms>
{
    private const int CommandCount = 100_000;

    // Measured: 0. Twins of commands that are not used again would be 12 MiB.
    private const long LimitKiB = 384;

    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(1);

    [Theory, Spec("A4"), Spec("A5"), Spec("A7")]
    [InlineData("close")]
    [InlineData("destroy")]
    [InlineData("abort")]
    public async Task Callback_ThatUsesAndThenEndsTheSet_LeavesEveryCommandItsOwn(string ending)
    {
        NativeProgram.Outcome outcome = await ServeAsync("server_callbacks.c", name => [ending, name], closesBoth: false);
        outcome.ExpectSuccess();
    }

    [Fact, Spec("A5"), Spec("B24")]
    public async Task Threads_ThatShareADevice_EachHaveTheirOwnCallbacks() =>
        (await ServeAsync("server_threads.c", static name => [name], closesBoth: true)).ExpectSuccess();

    [Fact]
    public async Task ManyCommands_AfterWarmUp_DoNotGrowTheProcess() => Assert.InRange(await GrowthAsync(0), -LimitKiB * 4, LimitKiB);

    [Fact]
    public async Task Growth_OfAnEngineThatLosesALittleMemory_IsSeen() => Assert.InRange(await GrowthAsync(8), LimitKiB + 1, 1 << 20);

    [Fact, Spec("X5"), Spec("A5"), Spec("AT11")]
    public void Client_KilledInMidTransfer_LeavesEachCommandOneCallback()
    {
        string name = $"death-{Guid.NewGuid():N}";
        using Process client = Process.Start(
            new ProcessStartInfo(programs.Path("g++", "server_death_client.cpp"), [name]) { RedirectStandardOutput = true })!;
        try
        {
            AwaitLine(client, "made");
            using NativeProgram engine = NativeProgram.Start(programs.Path("gcc", "server_death.c"), [name]);
            AwaitLine(client, "holding");
            client.Kill();
            string[] lines = engine.Finish().ExpectSuccess().Output.Split('\n');

            // Eight commands on each of two devices were out, two of them in the client's hands.
            Assert.Equal($"agent 0x{(int)VdResult.Aborted:X8} reason {(int)AbortReason.ClientDied} aborted 16", lines[0]);
            Assert.Equal("done 2000", lines[1]);
        }
        finally
        {
            client.Kill();
            client.WaitForExit();
        }
    }

    private static void AwaitLine(Process process, string expected)
    {
        Task<string?> line = process.StandardOutput.ReadLineAsync();
        Assert.True(line.Wait(s_limit), $"the client has not said '{expected}' within {s_limit}");
        Assert.Equal(expected, line.Result);
    }

    private async Task<long> GrowthAsync(int leakBytes)
    {
        NativeProgram.Outcome outcome = await ServeAsync(
            "server_memory.c", name => [name, $"{CommandCount}", $"{leakBytes}"], closesBoth: true);
        return long.Parse(outcome.ExpectSuccess().Output, CultureInfo.InvariantCulture);
    }

    /// <summary>Runs a program against a client that answers every command with success.</summary>
    private async Task<NativeProgram.Outcome> ServeAsync(string source, Func<string, string[]> arguments, bool closesBoth)
    {
        string name = $"commands-{Guid.NewGuid():N}";
        await using BackupSession session = BackupSession.Create(name, new BackupSessionOptions { Names = [name, "b"] });
        using NativeProgram program = NativeProgram.Start(programs.Path("gcc", source), arguments(name));
        using CancellationTokenSource limit = new(s_limit);
        await session.WaitForServerAsync(limit.Token);
        DevicePump device = await session.OpenDeviceAsync(name, limit.Token);
        Exception? failure = await Record.ExceptionAsync(() => device.RunAsync(new AnswersAll(), limit.Token));
        NativeProgram.Outcome outcome = program.Finish();

        // A set that its engine ends early ends so for the client.
        Assert.Equal(closesBoth ? null : VdResult.Aborted, (failure as VirtualDeviceException)?.Result);
        return outcome;
    }

    private sealed class AnswersAll : IDeviceHandler
    {
        public ValueTask<DeviceAnswer> HandleAsync(ClientCommand command, CancellationToken cancellationToken) =>
            ValueTask.FromResult(DeviceAnswer.Transferred(command.Code == CommandCode.Write ? (int)command.SizeBytes : 0));
    }
}

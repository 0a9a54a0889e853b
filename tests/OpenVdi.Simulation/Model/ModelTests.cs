using System.Diagnostics;
using OpenVdi.Testing;
using Xunit.Abstractions;

namespace OpenVdi.Simulation.Model;

/// <summary>Random calls in random states on both halves, each compared with a model made from the specification's tables.
/// OPENVDI_MODEL_STEPS sets how many, OPENVDI_SEED replays.</summary>
public class ModelTests(ITestOutputHelper output)
{
    private const int UsualSteps = 200_000;

    [Fact]
    [Spec("C4n")]
    [Spec("D5")]
    [Spec("D6")]
    [Spec("D27")]
    [Spec("A5")]
    [Spec("A6")]
    [Spec("Q1")]
    [Spec("S-n1")]
    public void BothHalves_RandomCalls_NeverDivergeFromTheModel()
    {
        int seed = TestSeed.Choose(1);
        int steps = TestSeed.Count("OPENVDI_MODEL_STEPS", UsualSteps);
        var driver = new ModelDriver(seed);
        long begun = Stopwatch.GetTimestamp();
        driver.Run(steps);
        output.WriteLine(
            $"seed {seed}: {driver.Steps:N0} steps, {driver.Callbacks:N0} callbacks, 0 divergences, "
            + $"{Stopwatch.GetElapsedTime(begun).TotalSeconds:F1} s");
        foreach (string line in driver.Histogram())
        {
            output.WriteLine(line);
        }

        Assert.Empty(Unseen(driver));
    }

    /// <summary>A detector is first shown a known bug: each of these wrong halves must be found out.</summary>
    [Theory]
    [InlineData("CompleteCommand", VdResult.Invalid, VdResult.Ok)]
    [InlineData("GetCommand", VdResult.ProtocolError, VdResult.Closed)]
    [InlineData("GetCommand", VdResult.Aborted, VdResult.TimedOut)]
    [InlineData("server Close", VdResult.ProtocolError, VdResult.Ok)]
    [InlineData("client Close", VdResult.DevicesOpen, VdResult.Ok)]
    [InlineData("SendCommand", VdResult.QueueFull, VdResult.Ok)]
    [InlineData("SendCommand", VdResult.IOError, VdResult.Ok)]
    [InlineData("BeginConfiguration", VdResult.ProtocolError, VdResult.Aborted)]
    [InlineData("OpenInSecondaryEx", VdResult.ProtocolError, VdResult.Ok)]
    public void Model_HalfWithAWrongCode_IsFoundOut(string function, VdResult right, VdResult wrong) =>
        AssertFound(new WrongCode(function, right, wrong));

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void Model_CallbackLostOrTwice_IsFoundOut(int count) => AssertFound(new WrongCallbackCount(count));

    [Fact]
    public void Model_AbortedCommandReportedAsDone_IsFoundOut() => AssertFound(new WrongCallbackCode());

    [Fact]
    public void Driver_SameSeed_MakesTheSameCalls()
    {
        var first = new ModelDriver(77);
        var second = new ModelDriver(77);
        first.Run(5000);
        second.Run(5000);
        Assert.Equal(first.Histogram(), second.Histogram());
    }

    private static void AssertFound(Sut wrong)
    {
        DivergenceException found = Assert.Throws<DivergenceException>(() => new ModelDriver(3, wrong).Run(UsualSteps));
        Assert.Contains("seed 3", found.Message, StringComparison.Ordinal);
    }

    /// <summary>Codes of section 3.8 that a run of this length must have seen; else it did not go where it should.</summary>
    private static IEnumerable<string> Unseen(ModelDriver driver)
    {
        (string Function, string[] Codes)[] wanted =
        [
            ("CreateEx", ["NOERROR", "VD_E_PROTOCOL", "VD_E_INVALID", "VD_E_NOTSUPPORTED", "VD_E_INSTANCE_NAME"]),
            ("OpenInSecondaryEx", ["NOERROR", "VD_E_PROTOCOL", "VD_E_ABORT", "VD_E_INVALID", "VD_E_INSTANCE_NAME"]),
            ("client GetConfiguration", ["NOERROR", "VD_E_TIMEOUT", "VD_E_ABORT", "VD_E_PROTOCOL"]),
            ("client OpenDevice", ["NOERROR", "VD_E_ABORT", "VD_E_OPEN", "VD_E_PROTOCOL", "VD_E_INVALID"]),
            ("GetCommand", ["NOERROR", "VD_E_CLOSE", "VD_E_TIMEOUT", "VD_E_ABORT", "VD_E_PROTOCOL"]),
            ("CompleteCommand", ["NOERROR", "VD_E_INVALID", "VD_E_ABORT", "VD_E_PROTOCOL"]),
            ("GetBufferHandle", ["NOERROR", "VD_E_PROTOCOL", "VD_E_INVALID"]),
            ("MapBufferHandle", ["NOERROR", "VD_E_PROTOCOL", "VD_E_INVALID"]),
            ("client SignalAbort", ["NOERROR", "VD_E_PROTOCOL"]),
            ("client Close", ["NOERROR", "VD_E_PROTOCOL", "VD_E_OPEN"]),
            ("Open", ["NOERROR", "VD_E_INVALID", "VD_E_PROTOCOL", "VD_E_INSTANCE_NAME"]),
            ("server GetConfiguration", ["NOERROR", "VD_E_PROTOCOL", "VD_E_ABORT"]),
            ("BeginConfiguration", ["NOERROR", "VD_E_PROTOCOL", "VD_E_INVALID"]),
            ("RequestBuffers", ["NOERROR", "VD_E_PROTOCOL", "VD_E_MEMORY", "VD_E_INVALID"]),
            ("QueryAvailableBuffers", ["NOERROR", "VD_E_PROTOCOL", "VD_E_INVALID"]),
            ("EndConfiguration", ["NOERROR", "VD_E_PROTOCOL", "VD_E_MEMORY"]),
            ("server OpenDevice", ["NOERROR", "VD_E_OPEN", "VD_E_PROTOCOL", "VD_E_ABORT", "VD_E_INVALID"]),
            ("ExecuteCompletionAgent", ["NOERROR", "VD_E_PROTOCOL", "VD_E_ABORT"]),
            ("AllocateBuffer", ["NOERROR", "VD_E_MEMORY", "VD_E_INVALID", "VD_E_PROTOCOL", "VD_E_ABORT"]),
            ("FreeBuffer", ["NOERROR", "VD_E_INVALID", "VD_E_PROTOCOL"]),
            ("server SignalAbort", ["NOERROR", "VD_E_PROTOCOL"]),
            ("server Close", ["NOERROR", "VD_E_PROTOCOL"]),
            ("SendCommand", ["NOERROR", "VD_E_QUEUE_FULL", "VD_E_IO_ERROR", "VD_E_PROTOCOL", "VD_E_ABORT"]),
            ("CloseDevice", ["NOERROR", "VD_E_CLOSE", "VD_E_ABORT", "VD_E_PROTOCOL"]),
        ];
        return from row in wanted
               from code in row.Codes
               where driver.Steps >= UsualSteps && !driver.Seen.ContainsKey((row.Function, code))
               select $"{row.Function} = {code}";
    }

    private sealed class WrongCode(string function, VdResult right, VdResult wrong) : Sut
    {
        public override VdResult Result(string name, VdResult result) => name == function && result == right ? wrong : result;
    }

    private sealed class WrongCallbackCount(int count) : Sut
    {
        private int _seen;

        public override int Callbacks(ModelCallback callback) => ++_seen == 1000 ? count : 1;
    }

    private sealed class WrongCallbackCode : Sut
    {
        public override ModelCallback Callback(ModelCallback callback) =>
            callback.Code == CompletionCode.OperationAborted ? callback with { Code = CompletionCode.Success } : callback;
    }
}
